// Counts what is ticked. The form works without it: the confirmation counts what was chosen, whatever stood here.
const out = document.getElementById("ticked");

function count() {
  const ticked = document.querySelectorAll('input[name="device"]:checked').length;
  out.hidden = false;
  out.textContent = `${ticked}`;
}

if (out) {
  document.addEventListener("change", count);
  count();
}
