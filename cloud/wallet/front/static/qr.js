// QR of a payment code: figures alone, version 1, level M, one mask (readers take any). ISO/IEC 18004.
const SIZE = 21, DATA = 16, CHECK = 10, MASK = 2, MOST = 34;
const FORMAT = format((0 << 3) | MASK); // level M is 00

/** Rows of 21 booleans; true is dark. */
export function qr(digits) {
  if (!/^\d+$/.test(digits) || digits.length > MOST) throw new RangeError("1..34 figures");
  const grid = Array.from({ length: SIZE }, () => Array(SIZE).fill(null));
  for (const [row, column] of [[0, 0], [0, SIZE - 7], [SIZE - 7, 0]]) finder(grid, row, column);
  for (let at = 8; at < SIZE - 8; at++) grid[6][at] = grid[at][6] = at % 2 === 0;
  formats(grid);
  const words = [...dataWords(digits)];
  const bits = [...words, ...checkWords(words)].flatMap((word) => Array.from({ length: 8 }, (_, at) => (word >> (7 - at)) & 1));
  let next = 0, up = true;
  for (let right = SIZE - 1; right > 0; right -= 2, up = !up) {
    if (right === 6) right--;
    for (let step = 0; step < SIZE; step++) {
      const row = up ? SIZE - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (grid[row][column] === null) grid[row][column] = Boolean(bits[next++] ^ (column % 3 === 0 ? 1 : 0));
      }
    }
  }
  return grid;
}

export function dataWords(digits) {
  let bits = "0001" + digits.length.toString(2).padStart(10, "0");
  for (const part of digits.match(/\d{1,3}/g)) bits += Number(part).toString(2).padStart([0, 4, 7, 10][part.length], "0");
  bits += "0".repeat(Math.min(4, DATA * 8 - bits.length));
  bits += "0".repeat((8 - (bits.length % 8)) % 8);
  const words = bits.match(/.{8}/g).map((one) => parseInt(one, 2));
  for (let pad = 0xec; words.length < DATA; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

/** Reed-Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1. */
export function checkWords(words) {
  let generator = [1];
  for (let at = 0, root = 1; at < CHECK; at++, root = times(root, 2)) {
    const longer = [...generator, 0];
    generator.forEach((one, place) => (longer[place + 1] ^= times(one, root)));
    generator = longer;
  }
  const rest = [...words, ...Array(CHECK).fill(0)];
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

function format(five) {
  let rest = five << 10;
  for (let at = 14; at >= 10; at--) if (rest & (1 << at)) rest ^= 0x537 << (at - 10);
  return ((five << 10) | rest) ^ 0x5412;
}

function formats(grid) {
  for (let at = 0; at < 15; at++) {
    const dark = Boolean((FORMAT >> at) & 1);
    grid[at < 6 ? at : at < 8 ? at + 1 : SIZE - 15 + at][8] = dark;
    grid[8][at < 8 ? SIZE - 1 - at : at === 8 ? 7 : 14 - at] = dark;
  }
  grid[SIZE - 8][8] = true;
}

const SVG = "http://www.w3.org/2000/svg";

/** Dark on white, with its quiet zone, in whatever colours the page has. */
export function drawn(digits, label) {
  const path = qr(digits).flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : ""))).join("");
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 29 29", role: "img", "aria-label": label, class: "qr", "shape-rendering": "crispEdges" })) {
    picture.setAttribute(name, value);
  }
  for (const [d, fill] of [["M0 0h29v29h-29z", "#fff"], [path, "#000"]]) {
    const part = document.createElementNS(SVG, "path");
    part.setAttribute("d", d);
    part.setAttribute("fill", fill);
    picture.append(part);
  }
  return picture;
}
