import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { stepsOf } from '../../guide/document.ts';
import { guideFolder, guideNames, readGuide } from './library.ts';

test('the README links every guide', () => {
  const files = readdirSync(guideFolder).filter(file => file.endsWith('.md') && file !== 'README.md');
  assert.deepEqual(guideNames().toSorted(), files.map(file => file.slice(0, -3)).toSorted());
});

test('every guide follows the convention, and each of its commands runs in order', () => {
  for (const guide of guideNames().map(readGuide)) assert.ok(stepsOf(guide.items).length > 5, guide.name);
});

/** The commands of the study guide that Causeway was made to run, as they stand there. */
const studyGuide = [
  'k apply -f multi.yaml',
  'k logs multi sidecar -f',
  'k run busybox --image=busybox --rm -it --restart=Never -- wget --spider $(k get pod multi -o jsonpath={.status.podIP})',
  'k get nodes -o json | jq -r .items[].spec.podCIDR | sort -V',
  'k create deployment echoserver --image=k8s.gcr.io/echoserver:1.10 --replicas=5',
  'k create service clusterip echoserver --tcp=80:8080',
  'k run busybox --image=busybox --rm -it --restart=Never -- wget --spider echoserver',
  'k create service nodeport echoserver --tcp=5005:8080',
  'k run busybox --image=busybox --rm -it --restart=Never -- wget --spider echoserver:5005',
  `ADDR=$(k get nodes -o jsonpath='{ $.items[*].status.addresses[?(@.type=="InternalIP")].address }')`,
  'PORT=$(k get svc echoserver -o jsonpath={.spec.ports[0].nodePort})',
  'wget --spider $ADDR:$PORT',
  'k create service loadbalancer echoserver --tcp=5005:8080',
  'k get svc echoserver # see EXTERNAL-IP',
];

test('the guides run every command of the study guide to the letter, in its order', () => {
  const commands = guideNames().flatMap(name => stepsOf(readGuide(name).items).map(step => step.command));
  let from = 0;
  for (const command of studyGuide) {
    const at = commands.indexOf(command, from);
    assert.ok(at >= 0, `missing after ${commands[from - 1]}: ${command}`);
    from = at + 1;
  }
});
