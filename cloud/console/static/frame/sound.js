// A tone for urgent alarms that nobody has acknowledged: off until somebody turns it on in this browser, and no sound
// before a click or a key on the page, as browsers want it. It repeats until none is left; in a flood it is heard once
// for each that comes. One tab of a browser is heard. The button says what is so, also that nothing would be heard.
const KEPT = "ykt-sound";
const EVERY_MS = 5_000;
const ASK_MS = 30_000;
const TONE = [[0, 880], [0.25, 660]]; // seconds, hertz
const TONE_S = 0.2;
const LOUD = 0.3;
const button = document.getElementById("sound");
let context = null;
let isHeard = false; // of all tabs this one
let told = null; // {urgent, flooded}; null: not known
let before = 0;

function isOn() {
  try {
    return localStorage.getItem(KEPT) === "on";
  } catch {
    return button.dataset.state !== "off"; // no storage: it holds for this page
  }
}

function stateOf() {
  if (!isOn()) return "off";
  if (context?.state !== "running") return "waits";
  if (told === null) return "unsure";
  return isHeard ? (told.urgent ? "rings" : "on") : "elsewhere";
}

function show() {
  const state = stateOf();
  if (button.dataset.state === state && state !== "rings") return;
  button.dataset.state = state;
  button.textContent = button.dataset[state] + (state === "rings" ? ` ${told.urgent}` : "");
  button.setAttribute("aria-pressed", String(state !== "off"));
}

function play() {
  if (context?.state !== "running") return;
  for (const [after, hertz] of TONE) {
    const [from, voice, gain] = [context.currentTime + after, context.createOscillator(), context.createGain()];
    voice.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, from);
    gain.gain.exponentialRampToValueAtTime(LOUD, from + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, from + TONE_S);
    voice.connect(gain).connect(context.destination);
    voice.start(from);
    voice.stop(from + TONE_S);
  }
}

function ring() {
  if (stateOf() !== "rings") return;
  if (!told.flooded || told.urgent > before) play();
  before = told.urgent;
}

async function ask() {
  if (!context) return;
  try {
    const answer = await fetch(button.dataset.ask, { cache: "no-store" });
    told = answer.ok ? await answer.json() : null;
    if (told?.urgent === null) told = null;
  } catch {
    told = null;
  }
  if (!told?.urgent) before = 0;
  show();
  if (told?.urgent > before) ring();
}

// only what a person has just done may begin it
async function begin() {
  if (context || !isOn()) return;
  context = new AudioContext();
  context.onstatechange = show;
  await context.resume();
  if (navigator.locks) navigator.locks.request(KEPT, () => new Promise((end) => { isHeard = true; stop = end; show(); ring(); }));
  else isHeard = true;
  await ask();
}

let stop = () => {};

function end() {
  stop();
  context?.close();
  [context, isHeard, told, before] = [null, false, null, 0];
}

function turn(on) {
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    button.dataset.state = on ? "waits" : "off";
  }
  if (on) begin().then(play);
  else end();
  show();
}

if (button && window.AudioContext) {
  button.hidden = false;
  button.addEventListener("click", (event) => { event.stopPropagation(); turn(!isOn() || !context); });
  for (const deed of ["pointerup", "keydown"]) addEventListener(deed, (event) => event.target !== button && begin());
  addEventListener("storage", (event) => { if (event.key === KEPT && !isOn()) end(); show(); });
  document.addEventListener("ykt:moved", (event) => event.detail.includes("calling") && ask());
  setInterval(ring, EVERY_MS);
  setInterval(ask, ASK_MS);
  show();
}
