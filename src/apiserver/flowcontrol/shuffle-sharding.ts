/**
 * The queues a flow may use, out of `queues`: `handSize` different ones, picked by the flow's hash as cards are
 * dealt. Two flows share all of theirs rarely, so that a flow that fills its queues leaves the others a way.
 */
export function dealHand(hash: number, queues: number, handSize: number): number[] {
  const hand: number[] = [];
  let rest = hash;
  for (let dealt = 0; dealt < Math.min(handSize, queues); dealt++) {
    const choices = queues - dealt;
    let card = rest % choices;
    rest = Math.floor(rest / choices);
    // The remaining cards are those not dealt yet, in order.
    for (const taken of [...hand].sort((a, b) => a - b)) if (card >= taken) card++;
    hand.push(card);
  }
  return hand;
}

/** 53 bits of a text: FNV-1a, twice with different starts. */
export function flowHash(schema: string, flow: string): number {
  const text = `${schema}\0${flow}`;
  let [low, high] = [0x811c9dc5, 0xc9dc5118];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193) >>> 0;
    high = Math.imul(high ^ code ^ (low >>> 13), 0x01000193) >>> 0;
  }
  return (high & 0x1fffff) * 2 ** 32 + low;
}
