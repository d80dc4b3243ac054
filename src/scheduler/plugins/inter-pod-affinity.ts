import type { PodAffinityTerm } from '../../api/generated/types.ts';
import { matchesLabels, selectorFromLabelSelector } from '../../api/label-selector.ts';
import { maxScore, type Rejection, type SchedulingPlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const affinityUnmet: Rejection = { reasons: ["node(s) didn't match pod affinity rules"], unresolvable: true };
const antiAffinityUnmet: Rejection = {
  reasons: ["node(s) didn't match pod anti-affinity rules"],
  unresolvable: false,
};
const existingAntiAffinity: Rejection = {
  reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"],
  unresolvable: false,
};

/** What a required affinity of pods that are there already counts for when a pod they would like is placed. */
const hardPodAffinityWeight = 1;

/** Affinity and anti-affinity between pods, over the domains of a topology key. */
export const interPodAffinity: SchedulingPlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  requeueOn: ['node.added', 'node.labels', 'pod.assigned', 'pod.deleted', 'pod.labels'],
  prepare(pod, snapshot) {
    const affinity = pod.affinity.map(term => resolveTerm(term, pod, snapshot));
    const antiAffinity = pod.antiAffinity.map(term => resolveTerm(term, pod, snapshot));
    const refused = domainsRefusedByOthers(pod, snapshot);
    if (affinity.length === 0 && antiAffinity.length === 0 && refused.size === 0) return undefined;
    const wanted = affinity.map(term => domainsWith(affinity, term.topologyKey, snapshot));
    const unwanted = antiAffinity.map(term => domainsWith([term], term.topologyKey, snapshot));
    // The first pod of a group that wants its own kind near may start anywhere.
    const startsGroup =
      wanted.every(domains => domains.size === 0) && affinity.every(term => term.matches(pod));
    return {
      filter: node => {
        if (!affinitySatisfied(affinity, wanted, node, startsGroup)) return affinityUnmet;
        const near = antiAffinity.some(({ topologyKey }, i) => has(unwanted[i]!, node.labels[topologyKey]));
        if (near) return antiAffinityUnmet;
        for (const [topologyKey, domains] of refused) {
          if (has(domains, node.labels[topologyKey])) return existingAntiAffinity;
        }
        return undefined;
      },
    };
  },
  score(pod, snapshot, nodes) {
    const weights = preferredDomains(pod, snapshot);
    if (weights.size === 0) return undefined;
    const sums = nodes.map(node => {
      let sum = 0;
      for (const [key, domains] of weights) sum += domains.get(node.labels[key] ?? '') ?? 0;
      return sum;
    });
    const min = Math.min(...sums);
    const max = Math.max(...sums);
    return sums.map(sum => (max === min ? 0 : Math.floor((maxScore * (sum - min)) / (max - min))));
  },
};

interface Term {
  topologyKey: string;
  matches(pod: PodInfo): boolean;
}

function affinitySatisfied(
  terms: Term[],
  wanted: Set<string>[],
  node: NodeInfo,
  startsGroup: boolean,
): boolean {
  if (terms.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false;
  if (terms.every(({ topologyKey }, i) => has(wanted[i]!, node.labels[topologyKey]))) return true;
  return startsGroup;
}

function has(domains: Set<string>, value: string | undefined): boolean {
  return value !== undefined && domains.has(value);
}

/** The domains that hold a pod which all of `terms` select. */
function domainsWith(terms: Term[], topologyKey: string, snapshot: Snapshot): Set<string> {
  const domains = new Set<string>();
  for (const node of snapshot.nodes.values()) {
    const value = node.labels[topologyKey];
    if (value === undefined || domains.has(value)) continue;
    for (const other of node.pods.values()) {
      if (!terms.every(term => term.matches(other))) continue;
      domains.add(value);
      break;
    }
  }
  return domains;
}

/** By topology key, the domains with pods whose own anti-affinity keeps `pod` away. */
function domainsRefusedByOthers(pod: PodInfo, snapshot: Snapshot): Map<string, Set<string>> {
  const refused = new Map<string, Set<string>>();
  for (const node of snapshot.nodes.values()) {
    for (const other of node.pods.values()) {
      for (const term of other.antiAffinity) {
        const value = node.labels[term.topologyKey];
        if (value === undefined || !resolveTerm(term, other, snapshot).matches(pod)) continue;
        const domains = refused.get(term.topologyKey) ?? new Set();
        refused.set(term.topologyKey, domains.add(value));
      }
    }
  }
  return refused;
}

/** By topology key and domain, what the pod's wishes and those of the pods there about it sum up to. */
function preferredDomains(pod: PodInfo, snapshot: Snapshot): Map<string, Map<string, number>> {
  const weights = new Map<string, Map<string, number>>();
  const add = (term: PodAffinityTerm, owner: PodInfo, about: PodInfo, node: NodeInfo, weight: number) => {
    const value = node.labels[term.topologyKey];
    if (value === undefined || !resolveTerm(term, owner, snapshot).matches(about)) return;
    const domains = weights.get(term.topologyKey) ?? new Map<string, number>();
    weights.set(term.topologyKey, domains.set(value, (domains.get(value) ?? 0) + weight));
  };
  for (const node of snapshot.nodes.values()) {
    for (const other of node.pods.values()) {
      for (const { podAffinityTerm, weight } of pod.preferredAffinity)
        add(podAffinityTerm, pod, other, node, weight);
      for (const { podAffinityTerm, weight } of pod.preferredAntiAffinity)
        add(podAffinityTerm, pod, other, node, -weight);
      for (const term of other.affinity) add(term, other, pod, node, hardPodAffinityWeight);
      for (const { podAffinityTerm, weight } of other.preferredAffinity)
        add(podAffinityTerm, other, pod, node, weight);
      for (const { podAffinityTerm, weight } of other.preferredAntiAffinity)
        add(podAffinityTerm, other, pod, node, -weight);
    }
  }
  return weights;
}

/** A term as its owner means it: its own namespace where none is named, its own label values for match keys. */
function resolveTerm(term: PodAffinityTerm, owner: PodInfo, snapshot: Snapshot): Term {
  const { namespaces = [], namespaceSelector, labelSelector, topologyKey } = term;
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const labels = labelSelector && selectorFromLabelSelector(labelSelector);
  const chosen = namespaceSelector && selectorFromLabelSelector(namespaceSelector);
  const inNamespace = (namespace: string) => {
    if (namespaces.length === 0 && !chosen) return namespace === owner.namespace;
    if (namespaces.includes(namespace)) return true;
    const namespaceLabels = chosen && snapshot.namespaceLabels(namespace);
    return chosen !== undefined && namespaceLabels !== undefined && matchesLabels(chosen, namespaceLabels);
  };
  return {
    topologyKey,
    matches: pod =>
      labels !== undefined &&
      matchesLabels(labels, pod.labels) &&
      inNamespace(pod.namespace) &&
      matchLabelKeys.every(key => !(key in owner.labels) || pod.labels[key] === owner.labels[key]) &&
      mismatchLabelKeys.every(key => !(key in owner.labels) || pod.labels[key] !== owner.labels[key]),
  };
}
