// The wall: asks every two seconds, says by itself when data are cut off, takes up a new version, and shifts a little
// each minute so that nothing burns in.
const ASK_MS = 2_000;
const SHIFT_MS = 60_000;
const SHIFTS = 9;
const ZONE_MS = 8 * 3_600_000;

const wall = document.getElementById("wall");
const live = document.getElementById("wall-live");
const cut = document.getElementById("cut");
const since = document.getElementById("cut-since");
const clock = document.getElementById("clock");
const cutMs = Number(wall.dataset.cut);
let offsetMs = Number(wall.dataset.at) - Date.now();
let newest = Date.now() - Number(wall.dataset.age);

function campusTime(ms) {
  return new Date(ms + ZONE_MS).toISOString().slice(0, 19).replace("T", " ");
}

function show() {
  const isCut = Date.now() - newest >= cutMs;
  clock.textContent = campusTime(Date.now() + offsetMs);
  since.textContent = campusTime(newest + offsetMs).slice(11);
  cut.hidden = !isCut;
  wall.classList.toggle("is-cut", isCut);
}

async function ask() {
  try {
    const answer = await fetch(wall.dataset.poll, { signal: AbortSignal.timeout(10_000) });
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      const said = await answer.json();
      if (said.version !== wall.dataset.version) return location.reload();
      const page = new DOMParser().parseFromString(said.html, "text/html");
      live.replaceChildren(...page.body.childNodes);
      offsetMs = said.at_ms - Date.now();
      newest = Date.now() - said.age_ms;
    }
  } catch {
    // cannot be reached: the age of what is shown says it
  }
  show();
  setTimeout(ask, ASK_MS);
}

let shift = 0;
function shiftOn() {
  wall.classList.remove(`shift-${shift}`);
  shift = (shift + 1) % SHIFTS;
  wall.classList.add(`shift-${shift}`);
}

show();
setInterval(show, 1_000);
setInterval(shiftOn, SHIFT_MS);
setTimeout(ask, ASK_MS);
