// One stream for all tabs of this browser, for browsers open few connections to one place.
import { Stream } from "./stream.js";

const tabs = new Map();
let last = null;
const stream = new Stream((frame) => {
  if (!frame.gone) last = { ...last, ...frame };
  for (const port of tabs.keys()) port.postMessage(frame);
});

function ask() {
  const all = [...tabs.values()];
  if (!all.length) return stream.close();
  const shows = all.find((one) => one.show)?.show ?? "";
  stream.ask({ ...all[0], query: `lang=${all[0].lang}${shows ? `&show=${shows}` : ""}` });
}

onconnect = (event) => {
  const [port] = event.ports;
  port.onmessage = ({ data }) => {
    if (data.bye) tabs.delete(port);
    else tabs.set(port, data);
    if (!data.bye && last) port.postMessage(data.show ? last : { ...last, html: undefined });
    ask();
  };
};
