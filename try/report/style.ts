/** What the page of a try has beside every report's rules: bars of decisions, and cards that say an image in a line. */
export const TRY_STYLE = `
.split { display: flex; gap: 1px; width: 100%; min-width: 130px; height: 14px; }
.split span { display: block; min-width: 2px; border-radius: 2px; }
.decided { background: var(--accent); }
.mistaken { background: #d55e00; }
.looked { background: repeating-linear-gradient(45deg, var(--soft) 0 3px, transparent 3px 6px); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 0 0 8px; list-style: none; font-size: .9rem; }
.legend span { display: inline-block; width: 14px; height: 14px; border-radius: 2px; margin-right: 6px; vertical-align: -2px; }
.example p { margin: 0; } .example .name { color: var(--soft); font-size: .8rem; }
.example .said { font-weight: 600; }
.example img { object-fit: contain; }
.strip { margin: 0; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.strip figcaption { min-width: 7em; } .strip img { border-radius: 4px; object-fit: contain; background: var(--rule); }
`;
