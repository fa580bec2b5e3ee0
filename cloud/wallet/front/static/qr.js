// QR of a payment code: figures alone, version 1 or 10, level M, one mask (readers take any). ISO/IEC 18004.
const MASK = 2;
const FORMAT = format((0 << 3) | MASK); // level M is 00
// count: bits of the number of figures; blocks: data words of each; middles: of alignment patterns; named: its 18 bits.
const VERSIONS = [
  { size: 21, count: 10, data: 16, check: 10, blocks: [16], most: 34, middles: [], named: 0 },
  { size: 57, count: 12, data: 216, check: 26, blocks: [43, 43, 43, 43, 44], most: 513, middles: [6, 28, 50], named: 0x0a4d3 },
];

/** Rows of booleans, true is dark: 21 for up to 34 figures, 57 for up to 513. */
export function qr(digits) {
  const form = /^\d+$/.test(digits) ? VERSIONS.find((one) => digits.length <= one.most) : null;
  if (!form) throw new RangeError("1..513 figures");
  const size = form.size;
  const grid = Array.from({ length: size }, () => Array(size).fill(null));
  for (const [row, column] of [[0, 0], [0, size - 7], [size - 7, 0]]) finder(grid, row, column);
  alignments(grid, form.middles);
  for (let at = 8; at < size - 8; at++) grid[6][at] = grid[at][6] = at % 2 === 0;
  formats(grid);
  if (form.named) names(grid, form.named);
  const bits = words(digits, form).flatMap((word) => Array.from({ length: 8 }, (_, at) => (word >> (7 - at)) & 1));
  let next = 0, up = true;
  for (let right = size - 1; right > 0; right -= 2, up = !up) {
    if (right === 6) right--;
    for (let step = 0; step < size; step++) {
      const row = up ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (grid[row][column] === null) grid[row][column] = Boolean(bits[next++] ^ (column % 3 === 0 ? 1 : 0));
      }
    }
  }
  return grid;
}

/** Blocks word by word in turn: data of all of them, then checks of all of them. */
function words(digits, { count, data, check, blocks }) {
  const all = dataWords(digits, count, data);
  let from = 0;
  const parts = blocks.map((length) => all.slice(from, (from += length)));
  const inTurn = (lists) => lists.at(-1).flatMap((_, at) => lists.flatMap((one) => (at < one.length ? [one[at]] : [])));
  return [...inTurn(parts), ...inTurn(parts.map((one) => checkWords(one, check)))];
}

export function dataWords(digits, count = 10, data = 16) {
  let bits = "0001" + digits.length.toString(2).padStart(count, "0");
  for (const part of digits.match(/\d{1,3}/g)) bits += Number(part).toString(2).padStart([0, 4, 7, 10][part.length], "0");
  bits += "0".repeat(Math.min(4, data * 8 - bits.length));
  bits += "0".repeat((8 - (bits.length % 8)) % 8);
  const words = bits.match(/.{8}/g).map((one) => parseInt(one, 2));
  for (let pad = 0xec; words.length < data; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

/** Reed-Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1. */
export function checkWords(words, check = 10) {
  let generator = [1];
  for (let at = 0, root = 1; at < check; at++, root = times(root, 2)) {
    const longer = [...generator, 0];
    generator.forEach((one, place) => (longer[place + 1] ^= times(one, root)));
    generator = longer;
  }
  const rest = [...words, ...Array(check).fill(0)];
  for (let at = 0; at < words.length; at++) {
    const lead = rest[at];
    generator.forEach((one, place) => (rest[at + place] ^= times(one, lead)));
  }
  return rest.slice(words.length);
}

function times(left, right) {
  let product = 0;
  for (; right; right >>= 1, left = left & 128 ? (left << 1) ^ 0x11d : left << 1) if (right & 1) product ^= left;
  return product;
}

function finder(grid, top, left) {
  for (let row = -1; row <= 7; row++) {
    for (let column = -1; column <= 7; column++) {
      if (grid[top + row]?.[left + column] === undefined) continue;
      const ring = Math.max(Math.abs(row - 3), Math.abs(column - 3));
      grid[top + row][left + column] = ring !== 2 && ring !== 4;
    }
  }
}

/** Five by five around each crossing of middles, where no finder is. */
function alignments(grid, middles) {
  for (const top of middles) {
    for (const left of middles) {
      if (grid[top][left] !== null) continue;
      for (let row = -2; row <= 2; row++) {
        for (let column = -2; column <= 2; column++) {
          grid[top + row][left + column] = Math.max(Math.abs(row), Math.abs(column)) !== 1;
        }
      }
    }
  }
}

/** The version, twice: 18 bits with their own check. */
function names(grid, bits) {
  for (let at = 0; at < 18; at++) {
    const across = Math.floor(at / 3), down = grid.length - 11 + (at % 3);
    grid[across][down] = grid[down][across] = Boolean((bits >> at) & 1);
  }
}

function format(five) {
  let rest = five << 10;
  for (let at = 14; at >= 10; at--) if (rest & (1 << at)) rest ^= 0x537 << (at - 10);
  return ((five << 10) | rest) ^ 0x5412;
}

function formats(grid) {
  for (let at = 0; at < 15; at++) {
    const dark = Boolean((FORMAT >> at) & 1);
    grid[at < 6 ? at : at < 8 ? at + 1 : grid.length - 15 + at][8] = dark;
    grid[8][at < 8 ? grid.length - 1 - at : at === 8 ? 7 : 14 - at] = dark;
  }
  grid[grid.length - 8][8] = true;
}

const SVG = "http://www.w3.org/2000/svg";

/** Dark on white, with its quiet zone, in whatever colours the page has. */
export function drawn(digits, label) {
  const grid = qr(digits), side = grid.length + 8;
  const path = grid.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, class: "qr", "shape-rendering": "crispEdges" })) {
    picture.setAttribute(name, value);
  }
  for (const [d, fill] of [[`M0 0h${side}v${side}h-${side}z`, "#fff"], [path, "#000"]]) {
    const part = document.createElementNS(SVG, "path");
    part.setAttribute("d", d);
    part.setAttribute("fill", fill);
    picture.append(part);
  }
  return picture;
}
