/** What a page looks like, in the dark, in the light and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ground: Canvas; --down: #9995; --starts: #e0b050; --serves: #7fb0e0;
  --leads: #2463b0; --bad: #c81e1e; --fault: #c2410c; --good: #3b8f4a; --open: #8a8a8a; --rule: #8884; }
@media (prefers-color-scheme: dark) { :root { --serves: #3f77ad; --leads: #79b4f5; --bad: #ff6b6b;
  --fault: #f08a4b; --good: #66c07a; --open: #8d8d8d; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1320px; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; font: 12.5px/1.45 ui-monospace, monospace; }
h2 { margin-top: 3rem; border-top: 2px solid var(--rule); padding-top: 1.2rem; }
.prose { font-size: 17px; max-width: 46em; border-left: 4px solid var(--bad); padding-left: 1em; }
.about-run { opacity: .75; } .verdict { font-weight: 600; } .bad { color: var(--bad); }
pre.bad { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 22em; overflow-y: auto; }
.course { font: 12.5px/1.5 ui-monospace, monospace; padding: 0; list-style: none; max-width: 110ch; }
.course li { padding-left: 8ch; text-indent: -8ch; overflow-wrap: anywhere; }
.course b { display: inline-block; width: 7ch; text-align: right; margin-right: 1ch;
  text-indent: 0; font-weight: 400; }
.course .fault { color: var(--fault); } .course .broken { color: var(--bad); font-weight: 700; }
.course .node { opacity: .8; }
.chart { display: flex; border: 1px solid var(--rule); border-radius: 4px; }
.names { flex: none; width: 92px; font-size: 11.5px; line-height: 1.2; padding: 0 6px; text-align: right;
  border-right: 1px solid var(--rule); }
.names div { padding-top: 2px; white-space: nowrap; overflow: hidden; }
.scroller { overflow-x: auto; flex: 1; } .scroller:focus-visible { outline: 3px solid var(--leads); }
.canvas { position: relative; width: 100%; }
.axis { position: relative; overflow: hidden; font-size: 11px; border-bottom: 1px solid var(--rule); }
.tick { position: absolute; top: 0; padding-left: 3px; border-left: 1px solid var(--rule);
  line-height: 20px; }
.tick.fine { visibility: hidden; } .near .tick.fine { visibility: visible; opacity: .7; }
svg { width: 100%; display: block; } svg * { vector-effect: non-scaling-stroke; }
svg rect { stroke-width: 1px; }
.down { fill: var(--down); } .starts { fill: var(--starts); } .serves { fill: var(--serves); }
.leads { fill: var(--leads); } .calm { fill: #8882; } .veil { fill: var(--ground); display: none; }
.span { fill: var(--fault); opacity: .55; stroke: var(--fault); }
.dot { stroke-linecap: round; stroke-width: 8px; fill: none; stroke: var(--fault); }
.dot.relief { stroke: var(--good); } .dot.term { stroke: #7a3fb5; stroke-width: 7px; }
.dot.stands { stroke: #7a3fb580; stroke-width: 5px; }
.dot.halted { stroke: var(--bad); stroke-width: 12px; }
.applied, .durable { fill: none; stroke: currentColor; stroke-width: 1.5px; }
.durable { opacity: .35; stroke-width: 1px; }
.ok { fill: var(--good); stroke: var(--good); } .refused { fill: var(--bad); stroke: var(--bad); }
.open { fill: var(--open); stroke: var(--open); }
.call:not(.about) { opacity: .3; } .wrong { stroke: var(--bad); stroke-width: 4px; }
.message { stroke: currentColor; stroke-width: 1px; opacity: .35; } .message.about { opacity: .8; }
.message.lost { stroke: var(--bad); stroke-dasharray: 3 3; opacity: .8; }

.asks { opacity: .75; } .asks line { stroke: var(--good); stroke-width: 1px; stroke-dasharray: 2 2; }
.asks .wrong { stroke: var(--bad); stroke-width: 2px; stroke-dasharray: none; }
.messages { display: none; } .near .messages, .close .messages { display: inline; }
.close .call { stroke-width: 3px; } .word { margin-left: 3px; }
svg .broken { stroke: var(--bad); stroke-width: 1px; opacity: .35; }
svg .broken.main { stroke-width: 3px; opacity: 1; }
.word { position: absolute; font: 11px/15px ui-monospace, monospace; padding: 0 3px; white-space: nowrap;
  background: color-mix(in srgb, var(--ground) 70%, transparent); }
.bar { display: flex; flex-wrap: wrap; gap: .4em 1.2em; align-items: center; margin: .6em 0;
  font-size: 13px; }
.timeline:has(.dim:checked) .outside { opacity: .07; }
.timeline:has(.dim:checked) .veil { display: inline; opacity: .82; }

.timeline:has(.only:checked) .call:not(.about),
.timeline:has(.only:checked) .message:not(.about) { display: none; }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .9em; border-radius: 2px; }
.plans { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5em; } .plans s { opacity: .55; }
.plans ol { font: 12.5px/1.5 ui-monospace, monospace; padding-left: 2.5em; }
@media (max-width: 800px) { .plans { grid-template-columns: 1fr; } }
@media print { body { max-width: none; margin: 0; } .bar button { display: none; }
.scroller { overflow: hidden; }
  .canvas { width: 100% !important; } h2 { break-before: page; } figure { break-inside: avoid; } }
`;

/** Zoom of a chart: by buttons, by plus, minus and 0, and b for where it broke. All else works without. */
export const SCRIPT = `
for (const timeline of document.querySelectorAll('figure.timeline')) {
  const chart = timeline.querySelector('.chart:not(.close)');
  const scroller = chart.querySelector('.scroller');
  const canvas = chart.querySelector('.canvas');
  const most = Math.max(4, chart.dataset.length / 250);
  let zoom = 1;
  const show = (wanted, at) => {
    const middle = at ?? (scroller.scrollLeft + scroller.clientWidth / 2) / canvas.clientWidth;
    zoom = Math.min(most, Math.max(1, wanted));
    canvas.style.width = zoom * 100 + '%';
    chart.classList.toggle('near', chart.dataset.length / zoom < 2500);
    scroller.scrollLeft = middle * canvas.clientWidth - scroller.clientWidth / 2;
  };
  const acts = {
    '+': () => show(zoom * 2), '=': () => show(zoom * 2), '-': () => show(zoom / 2), 0: () => show(1),
    b: () => show(most / 2, timeline.dataset.broken / chart.dataset.length),
  };
  for (const button of timeline.querySelectorAll('button')) {
    button.hidden = false;
    button.addEventListener('click', acts[button.value]);
  }
  scroller.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
`;
