// The overview's live part: takes rendered fragments from the stream and says how old the truth is (IX1).
// Where the stream is refused (too many viewers) it asks every few seconds, and for the stream again now and then.
const STALE_MS = 15_000;
const LATE_MS = 6_000;
const POLL_MS = 4_000;
const SEAT_MS = 30_000;
const live = document.getElementById("live");
const pill = document.getElementById("pill");
const cut = document.getElementById("cut");
let heard = 0;
let source = null;
let again = 0;

function connect() {
  source?.close();
  source = new EventSource(live.dataset.stream);
  source.onmessage = (event) => take(JSON.parse(event.data));
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return;
    again = Date.now() + SEAT_MS;
    poll();
  };
}

function take(fresh) {
  heard = Date.now();
  live.innerHTML = fresh.html;
  show();
}

async function poll() {
  try {
    const answer = await fetch(live.dataset.poll);
    if (answer.status === 401) {
      location.assign(live.dataset.login);
      return;
    }
    if (answer.ok) take(await answer.json());
  } catch {
    // cannot be reached: the age of what is shown says it
  }
  setTimeout(Date.now() < again ? poll : connect, POLL_MS);
}

function show() {
  const age = Date.now() - heard;
  const state = age > STALE_MS ? "cut" : age > LATE_MS ? "late" : "live";
  const seconds = Math.round(age / 1000);
  pill.className = `pill ${state}`;
  pill.textContent = state === "live" ? pill.dataset.live : `${pill.dataset[state]} ${seconds} ${pill.dataset.seconds}`;
  cut.hidden = state !== "cut";
  live.classList.toggle("grey", state === "cut");
}

heard = Date.now();
setInterval(show, 1_000);
connect();
