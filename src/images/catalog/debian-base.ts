import type { LayerFile } from './layer.ts';

/**
 * The first layer of every image that has a Debian user land: of Debian's essential packages those that people
 * use in an image (`kubectl cp` needs tar).
 */
export const basePackages = [
  ...['base-files', 'bash', 'coreutils', 'dash', 'mawk', 'sed', 'grep', 'findutils'],
  ...['tar', 'gzip', 'hostname', 'diffutils'],
];

export const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const systemUsers: [name: string, id: number, home: string][] = [
  ['daemon', 1, '/usr/sbin'],
  ['bin', 2, '/bin'],
  ['sys', 3, '/dev'],
  ['mail', 8, '/var/mail'],
  ['www-data', 33, '/var/www'],
];

const systemGroups: [name: string, id: number][] = [
  ['adm', 4],
  ['tty', 5],
  ['disk', 6],
  ['shadow', 42],
  ['staff', 50],
  ['users', 100],
];

/** A user of an image with a group of the same name. */
export interface ImageUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell?: string;
}

/**
 * What the packages' installation scripts would have made: accounts, the name service switch (without it
 * glibc asks DNS before /etc/hosts), /bin/sh and the usual folders.
 */
export function debianFiles(users: readonly ImageUser[] = []): LayerFile[] {
  return [
    ...accountFiles('/bin/bash', users),
    { path: 'etc/nsswitch.conf', content: nameServiceSwitch },
    { path: 'usr/bin/sh', link: 'dash' },
    { path: 'usr/bin/awk', link: 'mawk' },
    ...[
      'usr/local',
      'usr/local/bin',
      'usr/local/sbin',
      'usr/local/lib',
      'usr/local/share',
      'opt',
      'srv',
      'mnt',
    ].map(path => ({ path })),
    { path: 'var/lock', link: '/run/lock' },
    { path: 'var/run', link: '/run' },
    { path: 'run' },
    { path: 'run/lock', mode: 0o1777 },
  ];
}

export const nameServiceSwitch = `passwd:         files
group:          files
shadow:         files
hosts:          files dns
networks:       files
protocols:      files
services:       files
`;

/** /etc/passwd, /etc/group and /etc/shadow (no password opens any account). */
export function accountFiles(rootShell: string, users: readonly ImageUser[]): LayerFile[] {
  const nobody = { name: 'nobody', uid: 65534, gid: 65534, home: '/nonexistent' };
  const all: ImageUser[] = [
    { name: 'root', uid: 0, gid: 0, home: '/root', shell: rootShell },
    ...systemUsers.map(([name, id, home]) => ({ name, uid: id, gid: id, home })),
    ...users,
    nobody,
  ];
  const passwd = all.map(
    ({ name, uid, gid, home, shell = '/usr/sbin/nologin' }) =>
      `${name}:x:${uid}:${gid}:${name}:${home}:${shell}\n`,
  );
  const groups = [
    ...all.map(({ name, gid }) => [name === 'nobody' ? 'nogroup' : name, gid] as const),
    ...systemGroups,
  ].sort((a, b) => a[1] - b[1]);
  return [
    { path: 'etc/passwd', content: passwd.join('') },
    { path: 'etc/group', content: groups.map(([name, gid]) => `${name}:x:${gid}:\n`).join('') },
    {
      path: 'etc/shadow',
      content: all.map(({ name }) => `${name}:*::0:::::\n`).join(''),
      mode: 0o640,
      gid: 42,
    },
  ];
}

/** Matches the certificates of the package ca-certificates. */
export const certificatePattern = /^usr\/share\/ca-certificates\/.*\.crt$/;

/** The bundle that update-ca-certificates would have made. */
export function certificateBundle(collected: ReadonlyMap<string, Buffer>): LayerFile {
  const paths = [...collected.keys()].filter(path => certificatePattern.test(path)).sort();
  const certificates = paths.map(path => collected.get(path)!.toString('latin1').trimEnd());
  return { path: 'etc/ssl/certs/ca-certificates.crt', content: `${certificates.join('\n')}\n` };
}
