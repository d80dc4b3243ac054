import { maxScore, type SchedulingPlugin } from '../framework.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const mb = 1024 * 1024;
const threshold = { min: 23 * mb, maxPerContainer: 1000 * mb };

/** Prefers nodes that have the pod's images; an image that many nodes have counts more, so that pods don't heap up. */
export const imageLocality: SchedulingPlugin = {
  name: 'ImageLocality',
  weight: 1,
  requeueOn: [],
  score(pod, snapshot, nodes) {
    const images = imageNames(pod);
    const spread = new Map(images.map(image => [image, share(image, snapshot)]));
    const max = threshold.maxPerContainer * images.length;
    return nodes.map(node => {
      let sum = 0;
      for (const image of images) sum += (node.images.get(image) ?? 0) * (spread.get(image) ?? 0);
      const bounded = Math.min(Math.max(sum, threshold.min), max);
      return Math.floor((maxScore * (bounded - threshold.min)) / (max - threshold.min));
    });
  },
};

function imageNames({ pod }: PodInfo): string[] {
  const { containers, initContainers = [] } = pod.spec ?? { containers: [] };
  return [...initContainers, ...containers].map(({ image = '' }) => normalizedImage(image));
}

/** `nginx` → `nginx:latest`; a tag or digest stays. */
function normalizedImage(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}

/** The part of the nodes that have the image, 0..1. */
function share(image: string, snapshot: Snapshot): number {
  let have = 0;
  for (const node of snapshot.nodes.values()) if (node.images.has(image)) have++;
  return snapshot.nodes.size === 0 ? 0 : have / snapshot.nodes.size;
}
