// A terminal that many share: nothing is kept on it, and who walks away is signed out.
import { out } from "./api.js";

const IDLE_MS = 60000;
const TOUCHES = ["pointerdown", "keydown", "input", "wheel"];
let late;

/** At its start nobody is signed in, whoever was before; after a minute without a touch nobody is again. */
export async function begin() {
  document.documentElement.dataset.kiosk = "1";
  await out();
  for (const one of TOUCHES) addEventListener(one, touched, { passive: true });
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  touched();
}

function touched() {
  clearTimeout(late);
  late = setTimeout(leave, IDLE_MS);
}

async function leave() {
  await out();
  location.replace("/kiosk");
  location.reload();
}
