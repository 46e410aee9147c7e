"""The one style sheet of the page: light, dark and on paper. Meaning never rests on colour."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

LIGHT: Final = {
    "paper": "#ffffff",
    "wash": "#f5f6f8",
    "ink": "#16191d",
    "muted": "#525a63",
    "line": "#d3d8de",
    "accent": "#0a4a86",
    "good": "#0f5c28",
    "good-wash": "#e5f3e9",
    "bad": "#9c0c22",
    "bad-wash": "#fcebed",
    "warn": "#704300",
    "warn-wash": "#fdf2da",
}
DARK: Final = {
    "paper": "#14171b",
    "wash": "#1c2026",
    "ink": "#e8eaed",
    "muted": "#a7afb9",
    "line": "#363c45",
    "accent": "#8ec1f5",
    "good": "#86d69c",
    "good-wash": "#17301f",
    "bad": "#ff9ba8",
    "bad-wash": "#3d1a20",
    "warn": "#f0c274",
    "warn-wash": "#362a12",
}
"""Colour by role. Each text colour has a contrast of at least 4.5 to 1 on its ground."""


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


_RULES: Final = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;
overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
a{color:var(--accent);text-underline-offset:2px}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--accent);
outline-offset:2px}
code,pre,.digest{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,"Liberation Mono",
"DejaVu Sans Mono",monospace;font-size:.88em}
.skip{position:absolute;left:-999rem}
.skip:focus{left:.5rem;top:.5rem;background:var(--paper);padding:.5rem;z-index:2}
.page{max-width:1320px;margin:0 auto;padding:1.4rem 1.5rem 4rem}
.eyebrow{margin:0;color:var(--muted);font-size:12px;letter-spacing:.06em;text-transform:uppercase}
h1{font-size:26px;line-height:1.2;margin:.1rem 0 .2rem;letter-spacing:-.01em}
h2{font-size:18px;margin:2.6rem 0 .3rem;padding-top:.7rem;border-top:2px solid var(--ink)}
h3{font-size:15px;margin:1.5rem 0 .35rem}
h4{font-size:14px;margin:.9rem 0 .2rem}
p{margin:.35rem 0;max-width:82ch}
p.small{max-width:none}
.lead{color:var(--muted)}
.muted,.small{color:var(--muted)}
.small{font-size:12px;font-weight:400}
.signer{min-width:10.5rem}
.clean{list-style:none;margin:0;padding:0}
.clean li{margin:.15rem 0}
.facts{display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:.8rem 0 0;padding:.6rem 0;
border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
.facts div{min-width:0}
.facts dt{color:var(--muted);font-size:12px}
.facts dd{margin:0;font-weight:600}
.facts dd code{font-weight:400}
.first{display:grid;grid-template-columns:minmax(0,1.05fr) minmax(0,1fr);gap:1rem 2.2rem;
margin-top:1.1rem;align-items:start}
.first h2{margin:0 0 .5rem;padding:0;border:0}
.answer{border:1px solid var(--line);border-left:6px solid var(--muted);padding:.6rem .9rem .65rem;
margin-bottom:.6rem;background:var(--wash)}
.answer.good{border-left-color:var(--good)}
.answer.bad{border-left:6px double var(--bad)}
.answer h3{margin:0;font-size:15px;font-weight:600}
.answer p{margin:.1rem 0}
.outcome{font-size:21px;font-weight:700;letter-spacing:.01em}
.good .outcome,.good-text{color:var(--good)}
.bad .outcome,.bad-text{color:var(--bad)}
.missing{border:1px solid var(--line);border-left:6px double var(--bad);padding:.55rem .9rem}
.missing.none{border-left:6px solid var(--good)}
.missing h2{margin:0 0 .2rem;padding:0;border:0}
.missing ol{margin:.2rem 0;padding-left:1.4rem}
.missing li{margin:.45rem 0}
.command{display:inline-block;background:var(--wash);border:1px solid var(--line);
padding:.05rem .4rem;margin-top:.1rem}
.chip{display:inline-block;white-space:nowrap;font-size:12px;font-weight:600;line-height:1.35;
padding:.05rem .42rem;border:1px solid currentColor;border-radius:3px;color:var(--muted)}
.chip.good{color:var(--good);background:var(--good-wash)}
.chip.bad{color:var(--bad);background:var(--bad-wash);border-width:1px 1px 1px 4px}
.chip.warn{color:var(--warn);background:var(--warn-wash);border-style:dashed}
.scroll{overflow-x:auto;margin:.5rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:13px}
caption{text-align:left;font-weight:600;padding:.2rem 0 .35rem}
caption .small{font-weight:400}
th,td{text-align:left;vertical-align:top;padding:.32rem .9rem .32rem 0;
border-bottom:1px solid var(--line);min-width:3.2rem}
thead th{overflow-wrap:break-word}
tbody th{min-width:8.5rem}
td{min-width:5.4rem}
td.number{min-width:3.2rem}
thead th{color:var(--muted);font-size:12px;font-weight:600;border-bottom:1px solid var(--ink);
vertical-align:bottom}
tbody th{font-weight:600}
tr:target td,tr:target th{background:var(--warn-wash)}
td.number,th.number{text-align:right}
td.narrow,th.narrow{white-space:nowrap;overflow-wrap:normal}
td.plot,th.plot{padding:0 1.1rem 0 .3rem;width:316px;border-bottom:0;vertical-align:middle}
td.when{white-space:nowrap}
tr.axis-row td{border-bottom:1px solid var(--line);padding-top:0;padding-bottom:.3rem}
tbody.metric tr:not(.axis-row)>*{border-bottom-color:transparent}
tbody.metric th{padding-top:.45rem}
.long{min-width:15rem}
.metrics{table-layout:fixed;min-width:1080px}
.metrics th:nth-child(1){width:12%}.metrics th:nth-child(2){width:10%}
.metrics th:nth-child(3){width:318px}.metrics th:nth-child(4){width:6.5%}
.metrics th:nth-child(5){width:16%}
.metrics th:nth-child(6){width:6.5%}
.digest{font-size:11px;line-height:1.25;color:var(--muted)}
.whole{display:block;width:33ch;max-width:100%}
pre{background:var(--wash);border:1px solid var(--line);padding:.6rem .8rem;white-space:pre-wrap;
margin:.5rem 0;font-size:12px}
details{margin:.4rem 0 1rem}
summary{cursor:pointer;color:var(--accent)}
.figures{display:flex;flex-wrap:wrap;gap:.6rem 1.6rem;margin:.4rem 0}
figure{margin:.4rem 0;max-width:100%}
figcaption{font-size:12px;color:var(--muted);max-width:60ch}
.contents{margin:1rem 0 0;font-size:13px}
.contents ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
.contents h2{font-size:12px;margin:0 0 .2rem;padding:0;border:0;color:var(--muted)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 2.2rem}
dl.lines{display:grid;
grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.1rem;margin:.4rem 0}
dl.lines dt{color:var(--muted)}
dl.lines dd{margin:0}
svg{display:block;max-width:100%;height:auto}
svg text{font-size:11px;fill:var(--ink)}
svg .small{font-size:10px;fill:var(--muted)}
svg.strip{max-width:none;height:26px}
.axis-row svg.strip{height:17px}
svg.lineage{max-width:none}
svg.lineage text{font-size:12px;font-weight:600}
svg.lineage .kind{font-size:10px;font-weight:400;fill:var(--muted);letter-spacing:.05em;
text-transform:uppercase}
svg.lineage .small{font-size:10px;font-weight:400}
.box{fill:var(--wash);stroke:var(--ink);stroke-width:1.2}
.box.is-model{fill:var(--paper);stroke-width:2.2}
.box.is-environment,.box.is-config{stroke-dasharray:5 3}
.double{fill:none;stroke:var(--ink);stroke-width:1}
.arrow{fill:none;stroke:var(--muted);stroke-width:1.3}
.arrow.tested{stroke-dasharray:2 4}
.arrowhead{fill:var(--muted)}
.axis{fill:none;stroke:var(--muted);stroke-width:1}
.grid{stroke:var(--line);stroke-width:1}
.interval{stroke:var(--ink);stroke-width:1.6}
.threshold{stroke:var(--bad);stroke-width:1.6;stroke-dasharray:4 3}
.forbidden{fill:var(--bad-wash)}
.hatch{stroke:var(--bad);stroke-width:.8;opacity:.55;fill:none}
.dot{stroke:var(--ink);stroke-width:1.8}
.dot.full{fill:var(--ink)}
.dot.open{fill:var(--paper)}
.dot.cross{fill:none;stroke:var(--bad);stroke-width:2.6}
.series{fill:none;stroke:var(--accent);stroke-width:1.8}
footer{margin-top:3rem;padding-top:.7rem;border-top:1px solid var(--line);color:var(--muted);
font-size:12px}
@media (max-width:860px){.first{grid-template-columns:minmax(0,1fr)}.page{padding:1rem 1rem 3rem}}
"""

_PRINT: Final = """
@page{margin:13mm}
body{font-size:10.5px}table{font-size:9.5px}
.page{max-width:none;padding:0}.contents,.skip{display:none}
.scroll{overflow:visible}.digest{font-size:7.5px}
tr,.answer,.missing,figure{break-inside:avoid}h2,h3,caption{break-after:avoid}
a{color:inherit;text-decoration:none}.long,td,tbody th{min-width:0}
.metrics{min-width:0;table-layout:auto}td.plot{width:190px}svg.strip{width:190px;height:auto}
.axis-row svg.strip{height:auto}td,th{padding-right:.5rem}.whole{width:17ch}.signer{min-width:0}
h1{font-size:20px}h2{font-size:14px}h3{font-size:12px}.outcome{font-size:16px}
.small,.chip,thead th,.facts dt,figcaption,.answer .small{font-size:8.5px}
svg.lineage{max-width:100%;height:auto}
"""

SHEET: Final = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    f"{_RULES}@media print{{:root{{{_variables(LIGHT)}}}{_PRINT}}}"
)

POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(SHEET.encode()).digest()).decode()
    + "'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""The page's content security policy: nothing is loaded or run, and only this sheet styles it."""
