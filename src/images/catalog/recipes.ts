import { agnhost, dnsutils } from './agnhost.ts';
import { alpine, busybox, e2eBusybox } from './busybox.ts';
import { curl } from './curl.ts';
import { debian } from './debian.ts';
import { echoserver } from './echoserver.ts';
import { etcd } from './etcd.ts';
import { httpd } from './httpd.ts';
import { nginx } from './nginx.ts';
import { nonewprivs } from './nonewprivs.ts';
import { pause } from './pause.ts';
import type { Recipe } from './recipe.ts';
import { redis } from './redis.ts';
import { resourceConsumer } from './resource-consumer.ts';
import { sampleApiserver } from './sample-apiserver.ts';
import { kitten, nautilus } from './update-demo.ts';

/** Everything the catalog can build. */
export const recipes: readonly Recipe[] = [
  ...[agnhost, alpine, busybox, curl, debian, dnsutils, e2eBusybox, echoserver, etcd, httpd],
  ...[kitten, nautilus, nginx, nonewprivs, pause, redis, resourceConsumer, sampleApiserver],
];
