// The overview's live part: takes rendered fragments from the stream and says how old the truth is (IX1).
const STALE_MS = 15_000;
const LATE_MS = 6_000;
const RETRY_MS = 2_000;
const live = document.getElementById("live");
const pill = document.getElementById("pill");
const cut = document.getElementById("cut");
let heard = 0;
let source = null;

function connect() {
  source?.close();
  source = new EventSource(live.dataset.stream);
  source.onmessage = (event) => {
    heard = Date.now();
    live.innerHTML = JSON.parse(event.data).html;
    show();
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
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
