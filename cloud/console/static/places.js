// Placing by mouse and by arrow keys: each fills the form that is there anyway and sends it. The page is whole without it.
const STEP = 0.01;
const FINE = 0.002;
const SETTLED_MS = 500;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const plan = document.getElementById("plan");
const svg = document.getElementById("spots");

function within(side) {
  return Math.min(1, Math.max(0, side));
}

// where on the drawing, 0 to 1
function place(event) {
  const box = svg.getBoundingClientRect();
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
}

function show(spot, [x, y]) {
  spot.dataset.x = x;
  spot.dataset.y = y;
  const box = svg.viewBox.baseVal;
  spot.setAttribute("transform", `translate(${x * box.width} ${y * box.height})`);
}

// sends it, and takes of the answer what has changed beside the drawing
async function keep(device, [x, y]) {
  const said = { csrf: document.body.dataset.csrf, device, x: (x * 100).toFixed(2), y: (y * 100).toFixed(2) };
  const answer = await fetch(location.pathname.replace(/edit$/, "place"), { method: "POST", body: new URLSearchParams(said) });
  if (!answer.ok) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["drafted", "picked", "tray"]) {
    const next = page.getElementById(id);
    next?.querySelectorAll("[autofocus]").forEach((one) => one.removeAttribute("autofocus"));
    if (next) document.getElementById(id).replaceChildren(...next.childNodes);
  }
  history.replaceState(null, "", answer.url);
}

function drags() {
  let held = null;
  let moved = false;
  svg.addEventListener("pointerdown", (event) => {
    held = event.target.closest(".spot");
    moved = false;
    if (held) event.preventDefault();
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    moved = true;
    show(held, place(event));
  });
  addEventListener("pointerup", (event) => {
    const spot = held;
    held = null;
    if (spot && moved) keep(spot.dataset.device, place(event));
  });
  // a drag is no click on the link that the symbol is
  svg.addEventListener("click", (event) => moved && event.target.closest(".spot") && event.preventDefault(), true);
  svg.addEventListener("dragstart", (event) => event.preventDefault());
}

function keys() {
  let waits = 0;
  svg.addEventListener("keydown", (event) => {
    const spot = event.target.closest(".spot");
    const way = ARROWS[event.key];
    if (!spot || !way) return;
    event.preventDefault();
    const step = event.shiftKey ? FINE : STEP;
    show(spot, [within(Number(spot.dataset.x) + way[0] * step), within(Number(spot.dataset.y) + way[1] * step)]);
    clearTimeout(waits);
    waits = setTimeout(() => keep(spot.dataset.device, [Number(spot.dataset.x), Number(spot.dataset.y)]), SETTLED_MS);
  });
}

// a device was picked from the list: a click on the drawing places it
function clicks() {
  plan.addEventListener("click", (event) => {
    const form = document.getElementById("place");
    if (!form || event.target.closest(".spot")) return;
    const [x, y] = place(event);
    form.x.value = (x * 100).toFixed(1);
    form.y.value = (y * 100).toFixed(1);
    form.requestSubmit();
  });
  if (document.getElementById("place")) plan.classList.add("is-picking");
}

// a row of a lane's order is dragged onto another one: its own form, with that place
function rows(list) {
  let held = null;
  for (const row of list.children) row.draggable = true;
  list.addEventListener("dragstart", (event) => (held = event.target.closest("li")));
  list.addEventListener("dragover", (event) => {
    event.preventDefault();
    list.querySelector(".over")?.classList.remove("over");
    event.target.closest("li")?.classList.add("over");
  });
  list.addEventListener("drop", (event) => {
    event.preventDefault();
    const there = event.target.closest("li");
    if (!held || !there || held === there) return;
    const form = held.querySelector(".to");
    form.to.value = there.dataset.place;
    form.requestSubmit();
  });
}

// a plan that is larger than its frame: moved by dragging it; where it stood is kept when the page's part is fetched anew
function pans(part) {
  let at = [0, 0];
  let from = null;
  const frame = () => part.querySelector(".pan");
  const keep = () => (at = [frame().scrollLeft, frame().scrollTop]);
  part.addEventListener("scroll", (event) => event.target === frame() && keep(), true);
  new MutationObserver(() => frame()?.scrollTo(...at)).observe(part, { childList: true });
  part.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.target.closest(".spot") || !event.target.closest(".pan")) return;
    from = [event.clientX + frame().scrollLeft, event.clientY + frame().scrollTop];
    frame().classList.add("is-held");
  });
  addEventListener("pointermove", (event) => from && frame()?.scrollTo(from[0] - event.clientX, from[1] - event.clientY));
  addEventListener("pointerup", () => {
    from = null;
    frame()?.classList.remove("is-held");
  });
  part.addEventListener("dragstart", (event) => event.target.closest(".pan") && event.preventDefault());
}

const part = document.getElementById("fresh");
if (part?.querySelector(".pan")) pans(part);
const order = document.getElementById("order");
if (order) rows(order);
if (plan && svg) {
  drags();
  keys();
  clicks();
}
