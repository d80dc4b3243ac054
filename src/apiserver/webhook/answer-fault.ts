/** What upstream's client makes of an answer that says the request failed (apimachinery: NewGenericServerResponse). */
const words: Record<number, string> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  406: 'the server was unable to respond with a content type that the client supports',
  409: 'the server reported a conflict',
  415: 'the server was not able to decode the request body: the body was in an unknown format',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** Characters of an answer's text that go into an error. */
const shownLength = 2048;

/** The error for an answer with another status than 2xx; a Status in it speaks for itself. */
export function answerFault(status: number, text: string): string {
  const own = statusMessage(text);
  if (own) return own;
  const shown = text.trim().slice(0, shownLength);
  if (status === 403) return shown || 'forbidden';
  const known = words[status];
  if (known) return known;
  if (status >= 500) {
    return `an error on the server (${JSON.stringify(shown || 'unknown')}) has prevented the request from succeeding`;
  }
  return `the server responded with the status code ${status} but did not return more information`;
}

function statusMessage(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const { kind, message } = JSON.parse(text) as { kind?: unknown; message?: unknown };
    return kind === 'Status' && typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
