export type * from './generated/types';
export {
  ContractError,
  type ContractName,
  parseContract,
  parseContractJson,
  problemsOf,
  withDefaults,
} from './validation';
