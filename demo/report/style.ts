/** The page's style sheet. System fonts and no images: the page asks nobody for anything. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #d0d7de; --panel: #f6f8fa; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1419; --ink: #e6e9ed; --soft: #a3adb8; --rule: #333c47; --panel: #182029; --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
header, main, nav { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 40px; }
h1 { font-size: clamp(1.6rem, 4vw, 2.4rem); line-height: 1.2; margin: 0 0 12px; text-wrap: balance; }
h2 { font-size: 1.45rem; margin: 0 0 6px; }
h3 { font-size: 1.05rem; margin: 0 0 8px; }
h4 { font-size: .95rem; margin: 0 0 6px; }
main > section { padding: 32px 0 8px; margin-top: 24px; border-top: 1px solid var(--rule); }
.kicker { margin: 0 0 6px; color: var(--soft); font-size: .9rem; }
.summary { font-size: 1.15rem; max-width: 56em; margin: 0 0 8px; }
.lead, .note, .none, .detail { color: var(--soft); }
.lead { max-width: 56em; margin: 0 0 16px; }
.note { font-size: .9rem; margin: 8px 0 0; }
nav { padding-top: 8px; font-size: .9rem; }
nav ul { list-style: none; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.card { background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; padding: 16px; min-width: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 12px; margin: 12px 0 0; }
.cards dt { color: var(--soft); font-size: .9rem; }
.cards dd { margin: 0; }
.value { font-size: 1.3rem; font-weight: 650; line-height: 1.3; margin: 2px 0 4px !important; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.detail { font-size: .9rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 12px; align-items: start; margin: 12px 0; }
.card ul { margin: 0 0 10px; padding-left: 1.2em; }
.narrow { grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); }
.outcome { font-weight: 650; margin: 0 0 8px; }
.scroll { overflow-x: auto; max-width: 100%; background: linear-gradient(to right, var(--paper) 30%, transparent) left / 40px 100%, linear-gradient(to left, var(--paper) 30%, transparent) right / 40px 100%, linear-gradient(to right, var(--rule), transparent) left / 12px 100%, linear-gradient(to left, var(--rule), transparent) right / 12px 100%; background-repeat: no-repeat; background-attachment: local, local, scroll, scroll; }
.card .scroll { --paper: var(--panel); }
.chart { margin: 8px 0 16px; }
.chart svg { display: block; width: 100%; min-width: 860px; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; min-width: min(100%, 480px); overflow-wrap: normal; }
.card table { width: 100%; min-width: 0; font-size: .88rem; }
.card th, .card td { padding-right: 10px; }
caption { text-align: left; font-weight: 600; padding: 6px 0; }
th, td { text-align: left; vertical-align: baseline; padding: 5px 14px 5px 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 500; }
thead th { color: var(--soft); font-size: .87rem; }
th:last-child, td:last-child { padding-right: 0; }
.figure { text-align: right; white-space: nowrap; }
.confusion th, .confusion td { padding: 6px 10px; }
.confusion tbody td[style] { background: color-mix(in srgb, #0072b2 var(--tint), transparent); }
.confusion .right { outline: 2px solid var(--ink); outline-offset: -3px; font-weight: 700; }
.bar { display: block; width: 100%; min-width: 90px; height: 12px; }
.bar span { display: block; height: 100%; min-width: 2px; background: var(--accent); border-radius: 2px; }
.limited { position: relative; background: color-mix(in srgb, var(--soft) 18%, transparent); border-radius: 2px; min-width: 84px; }
.limited::after { content: ""; position: absolute; left: 50%; top: -3px; bottom: -3px; border-left: 2px solid var(--ink); }
.limited.beyond span { background: #d55e00; }
details > summary { cursor: pointer; color: var(--accent); margin: 8px 0; }
.events { padding-left: 2.2em; columns: 2 460px; column-gap: 40px; margin: 0 0 16px; }
.events li { break-inside: avoid; padding: 3px 0; }
.time { font-variant-numeric: tabular-nums; font-weight: 650; }
.kind { color: var(--soft); font-size: .85rem; white-space: nowrap; margin: 0 4px; }
.examples { list-style: none; padding: 0; margin: 0 0 16px; display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; }
.example { padding: 10px; font-size: .88rem; }
.example img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px; margin-bottom: 8px; background: var(--rule); }
.example dl { display: grid; grid-template-columns: auto 1fr; gap: 0 10px; margin: 0; }
.example dt { color: var(--soft); }
.example dd { margin: 0; }
.parts { list-style: none; padding: 0; margin: 0 0 16px; display: flex; flex-wrap: wrap; gap: 10px; }
.parts li { flex: 0 1 104px; min-width: 84px; font-size: .85rem; text-align: center; }
.parts img { display: block; width: 100%; aspect-ratio: 1; border-radius: 4px; margin-bottom: 2px; background: var(--rule); }
.belt { list-style: none; padding: 0 0 10px; margin: 0 0 16px; display: flex; flex-wrap: wrap; gap: 8px; border-bottom: 6px double var(--soft); }
.belt li { flex: 1 1 70px; text-align: center; border: 1px solid var(--rule); border-bottom: 3px solid var(--accent); border-radius: 6px 6px 0 0; padding: 6px; }
.belt small { display: block; color: var(--soft); }
@media (max-width: 480px) { .confusion th, .confusion td { padding: 6px 5px; font-size: .82rem; } .examples { grid-template-columns: repeat(2, 1fr); } .example dl { display: block; } .example dd { margin-bottom: 4px; } }
@media print {
  :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --soft: #444444; --rule: #bbbbbb; --panel: #ffffff; }
  body { font-size: 11px; } nav { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .scroll { overflow: visible; background: none; } .chart svg { min-width: 0; }
  .card, figure, tr { break-inside: avoid; } h2, h3, caption { break-after: avoid; }
}
`;
