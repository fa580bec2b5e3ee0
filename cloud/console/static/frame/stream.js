// One stream of what has moved. Where it is refused (too many viewers, a proxy without it) the same is asked for every
// few seconds, and the stream again now and then. A server that is away is asked again until it is back.
const POLL_MS = 4_000;
const SEAT_MS = 30_000;
const AWAY_MS = 10_000;

export class Stream {
  #asked = {};
  #source = null;
  #timer = 0;
  #again = 0;
  #tell;

  // tell: takes a frame, or {"gone": true} where nobody is signed in any more
  constructor(tell) {
    this.#tell = tell;
  }

  // asked: {stream, poll, query}; the same again changes nothing
  ask(asked) {
    if (asked.query === this.#asked.query && this.#source) return;
    this.#asked = asked;
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #connect() {
    this.close();
    const source = new EventSource(`${this.#asked.stream}?${this.#asked.query}`);
    this.#source = source;
    let away = 0;
    source.onopen = () => { away = 0; };
    source.onmessage = (event) => this.#tell(JSON.parse(event.data));
    source.onerror = () => {
      if (source !== this.#source) return;
      away ||= Date.now();
      const isShut = source.readyState === EventSource.CLOSED;
      if (!isShut && Date.now() - away < AWAY_MS) return;
      this.#again = Date.now() + (isShut ? SEAT_MS : 0);
      source.close();
      this.#poll();
    };
  }

  async #poll() {
    clearTimeout(this.#timer);
    try {
      const answer = await fetch(`${this.#asked.poll}?${this.#asked.query}`);
      if (answer.status === 401) return this.#tell({ gone: true });
      if (answer.ok) this.#tell(await answer.json());
    } catch {
      // cannot be reached: the age of what is shown says it
    }
    this.#timer = setTimeout(() => (Date.now() < this.#again ? this.#poll() : this.#connect()), POLL_MS);
  }
}
