// Code 128 of figures alone (set C, ISO/IEC 15417), for scanners that read bars and no QR: modules, and bars drawn on white.

/** Widths of bars and spaces of each value, five of six: all six are eleven modules. */
const WIDTHS =
  "212222221222222121221213213122122211223113221221212213123121112231221312223113221231212322223212211322123" +
  "213212231131213311223211232122312213221132221212122123223212111321311213132112311321113231211312311123131" +
  "112131123313213113121133213312313122113323113213112133121313311123113233112312113123133211314112214143111" +
  "111221114212112121421411214122112211124112211122411421114221241212211141311241111341111124121141212411421" +
  "12411124214112142111421212121421412412121111411134131141141111431411114113111314114133111441113";
const START_C = "211232", STOP = "2331112", MODULES = 11, QUIET = 10;

/** figures: an even number of them → one boolean a module, true where it is dark. */
export function code128(figures) {
  const values = figures.match(/\d\d/g).map(Number);
  const check = values.reduce((sum, value, at) => sum + value * (at + 1), 105) % 103;
  const runs = [START_C, ...[...values, check].map(symbol), STOP].join("");
  return [...runs].flatMap((width, at) => Array(Number(width)).fill(at % 2 === 0));
}

function symbol(value) {
  const five = WIDTHS.slice(5 * value, 5 * value + 5);
  return five + (MODULES - [...five].reduce((sum, one) => sum + Number(one), 0));
}

/** An SVG of whole pixels: two a module, so that no bar is blurred. label: what it is called. */
export function bars(figures, label) {
  const modules = code128(figures), space = "http://www.w3.org/2000/svg";
  const wide = modules.length + 2 * QUIET;
  const made = (name, props) => {
    const one = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(props)) one.setAttribute(key, value);
    return one;
  };
  const svg = made("svg", { class: "bars", viewBox: `0 0 ${wide} 32`, width: 2 * wide, height: 64, role: "img", "aria-label": label, preserveAspectRatio: "none" });
  const path = modules.map((dark, at) => (dark ? `M${at + QUIET} 2h1v28h-1z` : "")).join("");
  svg.append(made("rect", { width: wide, height: 32, fill: "#fff" }), made("path", { d: path, fill: "#000", "shape-rendering": "crispEdges" }));
  return svg;
}
