import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Peer, PeerRules } from './peer-rules.ts';
import type { TrafficRules } from './traffic-rules.ts';

/** Rules that follow what they are let on to. */
export class HeldRules implements TrafficRules {
  written = 0;
  /** Who waits. */
  held = 0;
  readonly #looks = new Set<() => void>();

  async whenReleased(): Promise<undefined> {}

  async whenWritten(revision: string, signal: AbortSignal): Promise<boolean> {
    this.held++;
    while (this.written < Number(revision) && !signal.aborted) {
      await new Promise<void>(resolve => {
        this.#looks.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    this.held--;
    return !signal.aborted;
  }

  write(revision: number): void {
    this.written = revision;
    for (const look of this.#looks) look();
    this.#looks.clear();
  }
}

/**
 * What every `PeerRules` does.
 * @param fresh gives the port, and the agent of `n1` with these rules that it reaches
 */
export function peerRulesContract(
  name: string,
  fresh: (t: TestContext, rules: TrafficRules) => Promise<{ peers: PeerRules; peer: Peer }>,
): void {
  const { signal } = new AbortController();

  test(`${name}: answers at once what is written, and the rest when it is`, async t => {
    const rules = new HeldRules();
    rules.write(7);
    const { peers, peer } = await fresh(t, rules);
    assert.equal(await peers.whenWritten(peer, '7', signal), true);
    const later = ['8', '9'].map(revision => peers.whenWritten(peer, revision, signal));
    let answers = 0;
    for (const answer of later) void answer.then(() => answers++);
    await until(() => rules.held === 2);
    assert.equal(answers, 0);
    rules.write(8);
    assert.equal(await later[0], true);
    assert.equal(answers, 1);
    rules.write(9);
    assert.equal(await later[1], true);
  });

  test(`${name}: who asks no longer is not waited for at the other end`, async t => {
    const rules = new HeldRules();
    const { peers, peer } = await fresh(t, rules);
    const patience = new AbortController();
    const answer = peers.whenWritten(peer, '8', patience.signal);
    await until(() => rules.held === 1);
    patience.abort(new Error('enough'));
    await assert.rejects(answer, /enough/);
    await until(() => rules.held === 0);
    await assert.rejects(peers.whenWritten(peer, '8', patience.signal), /enough/);
  });

  test(`${name}: an agent that cannot tell says so`, async t => {
    const rules = { whenReleased: async () => undefined, whenWritten: async () => false };
    const { peers, peer } = await fresh(t, rules);
    assert.equal(await peers.whenWritten(peer, '8', signal), false);
  });

  test(`${name}: where no agent is, or that of another node, there is no answer`, async t => {
    const { peers, peer } = await fresh(t, new HeldRules());
    await assert.rejects(peers.whenWritten({ name: 'n9', host: '127.0.0.1', port: 1 }, '0', signal));
    await assert.rejects(peers.whenWritten({ ...peer, name: 'n2' }, '0', signal));
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 2));
}
