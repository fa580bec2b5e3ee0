// The camera looks for a merchant's code, where this browser can read codes by itself; everywhere else people type it.
import { fill, h } from "./dom.js";
import { addWords, t } from "./words.js";

const LOOK_MS = 200, LONGEST_MS = 60_000;
addWords({
  scanHelp: ["把商户的码放进框里", "Hold the merchant's code into the frame"], scanStop: ["不扫了", "Stop"],
  scanNo: ["打不开相机，请输入码下的字符。", "The camera does not open: type what stands below the code."],
  scanNone: ["没有扫到，请再扫或输入。", "No code was seen: try again, or type it."],
});

/** box shows the picture until a code is seen, which it returns; null: none was seen, it was stopped, or no camera. */
export async function scanned(box) {
  let stream = null, stopped = false;
  const video = h("video", { class: "scan", playsinline: true, muted: true, "aria-label": t("scanHelp") });
  const said = h("p", { role: "status" }, t("scanHelp"));
  fill(box, video, said, h("button", { class: "plain", onclick: () => (stopped = true) }, t("scanStop")));
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    video.srcObject = stream;
    await video.play();
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    for (const ends = Date.now() + LONGEST_MS; !stopped && box.isConnected && !document.hidden && Date.now() < ends;) {
      const [found] = await detector.detect(video);
      if (found) return found.rawValue;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    fill(box, stopped ? null : h("p", { role: "status" }, t("scanNone")));
  } catch {
    fill(box, h("p", { class: "problem", role: "alert" }, t("scanNo"))); // not allowed, none there, or it reads no codes
  } finally {
    for (const track of stream?.getTracks() || []) track.stop();
  }
  return null;
}
