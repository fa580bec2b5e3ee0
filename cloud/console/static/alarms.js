// The alarm list by keyboard, beside the keys that every list has (frame.js): a acknowledges and s shelves what is picked,
// or the row that has the focus.
const picked = document.getElementById("picked");
const boxes = () => [...document.querySelectorAll('input[name="key"]')];
const STEPS = { a: "ack", s: "shelve" };

function say() {
  if (!picked) return;
  const count = boxes().filter((one) => one.checked).length;
  picked.textContent = count ? `${picked.dataset.picked} ${count}` : "";
}

function act(step) {
  const here = document.activeElement?.closest("tbody tr")?.querySelector('input[name="key"]');
  if (here && !boxes().some((one) => one.checked)) here.checked = true;
  if (boxes().some((one) => one.checked)) document.querySelector(`#bulk button[value="${step}"]`)?.click();
}

document.addEventListener("change", say);
document.addEventListener("ykt:key", (event) => STEPS[event.detail] && act(STEPS[event.detail]));
say();
