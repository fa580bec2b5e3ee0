// The alarm list by keyboard, as an addition: j and k go through rows, x picks, Enter opens, a acknowledges, s shelves.
// Nobody's typing is taken for a command, Chinese input too; a button switches the keys off, in this browser.
const picked = document.getElementById("picked");
const boxes = () => [...document.querySelectorAll('input[name="key"]')];

function say() {
  if (!picked) return;
  const count = boxes().filter((one) => one.checked).length;
  picked.textContent = count ? `${picked.dataset.picked} ${count}` : "";
}

function go(step) {
  const all = boxes();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  next.focus();
  next.closest("tr").scrollIntoView({ block: "nearest" });
}

function act(step) {
  const all = boxes();
  const here = all.includes(document.activeElement) ? document.activeElement : null;
  if (here && !all.some((one) => one.checked)) here.checked = true;
  if (all.some((one) => one.checked)) document.querySelector(`#bulk button[value="${step}"]`)?.click();
}

const toggle = document.getElementById("keys");
const isOff = () => localStorage.getItem("ykt-keys") === "off";

function tell() {
  toggle.textContent = isOff() ? toggle.dataset.on : toggle.dataset.off;
  toggle.hidden = false;
}

if (toggle) {
  tell();
  toggle.addEventListener("click", () => {
    localStorage.setItem("ykt-keys", isOff() ? "on" : "off");
    tell();
  });
}
document.addEventListener("change", say);
document.addEventListener("keydown", (event) => {
  const types = event.target.matches("textarea, select, input:not([type=checkbox])") || event.isComposing;
  if (isOff() || types || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = boxes().includes(document.activeElement) ? document.activeElement : null;
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "x" && here) here.click();
  else if (event.key === "Enter" && here) here.closest("tr").querySelector("a").click();
  else if (event.key === "a") act("ack");
  else if (event.key === "s") act("shelve");
  else return;
  event.preventDefault();
});
say();
