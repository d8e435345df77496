"""The style sheet of report.html: one page, screen (light and dark) and print, both writing directions."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --ink: #16181d; --soft: #5a5d66; --line: #e2e1db;
  --one: #2a6fc4; --two: #c2602b; --good: #2e7d4f; --bad: #b3372f; --mark: #fff0b3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131417; --card: #1c1e22; --ink: #eceae4; --soft: #a5a6ab; --line: #34363c;
    --one: #5b9bea; --two: #e58a52; --good: #63b884; --bad: #ea7a70; --mark: #5c4a10;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); font-size: 15px; line-height: 1.55;
  font-family: system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic", "Noto Naskh Arabic",
    "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 80px; }
header h1 { font-size: 30px; font-weight: 650; letter-spacing: -0.01em; margin: 0 0 4px; }
header p, .note, figcaption { color: var(--soft); margin: 0; max-width: 72ch; }
h2 { font-size: 20px; font-weight: 620; margin: 48px 0 6px; }
h3 { font-size: 15px; font-weight: 620; margin: 24px 0 8px; }
nav { margin: 16px 0 0; display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a { color: var(--one); text-decoration: none; }
nav a:hover { text-decoration: underline; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.cards { margin-top: 24px; }
.card, figure, .question, .scroll {
  background: var(--card); border: 1px solid var(--line); border-radius: 10px;
}
.card { padding: 14px 16px; }
.card b { display: block; font-size: 28px; font-weight: 600; line-height: 1.2; }
.card span { display: block; color: var(--soft); font-size: 13px; }
.card .name { color: var(--ink); font-size: 13px; }
.better { color: var(--good) !important; } .worse { color: var(--bad) !important; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 16px; }
.pair { margin-top: 16px; }
figure .note { margin-top: 12px; font-size: 13px; }
figure { margin: 0; padding: 16px 18px; min-width: 0; }
figcaption { font-size: 13px; }
figcaption b { display: block; color: var(--ink); font-size: 14px; font-weight: 620; }
svg { display: block; width: 100%; height: auto; margin-top: 10px; font-size: 12px; }
svg text { fill: var(--soft); } svg .value { fill: var(--ink); }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .one, svg .two { fill: none; stroke-width: 2; }
svg .one { stroke: var(--one); } svg .two { stroke: var(--two); }
svg .dot1 { fill: var(--one); } svg .dot2 { fill: var(--two); } svg .bar1 { fill: var(--one); }
svg .bar2 { fill: var(--two); } svg .bar3 { fill: var(--soft); } svg .onbar { fill: #fff; }
svg .ideal { stroke: var(--soft); stroke-dasharray: 3 4; fill: none; }
.scroll { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 7px 11px; text-align: end; border-bottom: 1px solid var(--line); }
td, tbody th { white-space: nowrap; }
tr:last-child td, tr:last-child th { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); font-size: 13px; vertical-align: bottom; }
tbody th, td { vertical-align: baseline; }
tbody th, th:first-child { text-align: start; color: var(--ink); }
td small { color: var(--soft); display: block; font-size: 11px; }
.heat td, .heat thead th { text-align: center; }
.heat { max-width: 560px; margin-top: 10px; }
.heat td { border: 3px solid var(--card); border-radius: 8px; min-width: 84px; font-weight: 600; }
.heat th, .heat thead th { border: 0; }
.heat td small { color: inherit; opacity: .8; font-weight: 400; }
.text td { text-align: start; white-space: normal; overflow-wrap: anywhere; }
.question { padding: 16px 18px; margin-top: 14px; break-inside: avoid; }
.question h4 { margin: 0 0 4px; font-size: 17px; font-weight: 600; }
.question .why { color: var(--soft); font-size: 13px; margin: 0 0 10px; }
.question dl { display: grid; grid-template-columns: 108px minmax(0, 1fr); gap: 6px 14px; margin: 0; }
.question dt { color: var(--soft); font-size: 13px; padding-top: 1px; }
.question dd { margin: 0; overflow-wrap: anywhere; }
.question ol { margin: 10px 0 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
.question li { padding: 8px 0; border-bottom: 1px solid var(--line); font-size: 14px; }
.question li:last-child { border-bottom: 0; padding-bottom: 0; }
.question li .where { color: var(--soft); font-size: 12px; }
.question li p { margin: 2px 0 0; }
.tag { display: inline-block; border: 1px solid currentColor; border-radius: 99px; }
.tag { padding: 0 8px; font-size: 11px; }
.tag.right { color: var(--good); } .tag.cited { color: var(--one); }
u { text-decoration-color: var(--one); text-decoration-thickness: 2px; text-underline-offset: 3px; }
mark { background: var(--mark); color: inherit; border-radius: 3px; padding: 0 2px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
.sides div { border-inline-start: 3px solid var(--line); padding-inline-start: 10px; }
.sides small { color: var(--soft); display: block; } .sides p { margin: 0; }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media (max-width: 620px) { .sides, .question dl { grid-template-columns: 1fr; } }
@media print {
  :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --one: #1f5aa6; --two: #a84c1c;
    --good: #1f6b3f; --bad: #9c2a22; --mark: #ffe98a; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } nav { display: none; }
  .card, figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .cards { grid-template-columns: repeat(6, 1fr); } .card { padding: 8px; } .card b { font-size: 17pt; }
  .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: 3px 4px; }
  th { font-size: 7.5pt; } thead th { white-space: normal; } td small { font-size: 6.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { margin: 16mm; }
}
"""
