/** What the process that holds a pod's namespaces is from. */
export const sandboxImage = 'registry.k8s.io/pause:3.10';

export interface ContainerdConfig {
  /** Where images and containers are kept; survives restarts. */
  root: string;
  /** Run-time state: shims' sockets, network namespaces. */
  state: string;
  socket: string;
  /** Image of the process that holds a pod's namespaces. */
  sandboxImage: string;
  cniBinDir: string;
  cniConfDir: string;
  /** Folder of `<registry host>/hosts.toml` files. */
  registryConfigDir?: string;
  /** The OCI runtime: runc where cgroups are v1 or hybrid, crun where they are v2. */
  runtimeBinary: string;
  /** `native` where overlayfs cannot stack (the data folder lies on an overlay itself). */
  snapshotter?: 'overlayfs' | 'native';
  /** False where the process may not lower oom_score_adj (no CAP_SYS_RESOURCE). */
  lowerOomScore?: boolean;
  disableApparmor?: boolean;
}

/** Plugins a node never uses; each costs memory or start-up time. */
const unusedPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.monitor.v1.cgroups',
  'io.containerd.nri.v1.nri',
];

/**
 * The part of the time for which containerd collects garbage at most. It looks for some each time the last collection
 * took, divided by this: by default (0.02) hundreds of times a second where nothing is synced, also at rest
 * (containerd/containerd#5089), and after each change on the way to a pod's start or end. With this it is a second or more.
 */
const pauseThreshold = 0.0001;

/**
 * containerd's configuration file, in version 2 of the format: 1.6 and 1.7 use it, 2.x converts it.
 * Source: https://github.com/containerd/containerd/blob/main/docs/cri/config.md
 */
export function containerdConfig(config: ContainerdConfig): string {
  const snapshotter = config.snapshotter ?? 'overlayfs';
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return render({
    '': {
      version: 2,
      root: config.root,
      state: config.state,
      disabled_plugins: unusedPlugins,
      oom_score: 0,
    },
    grpc: { address: config.socket },
    'plugins."io.containerd.gc.v1.scheduler"': { pause_threshold: pauseThreshold },
    [cri]: {
      sandbox_image: config.sandboxImage,
      stream_server_address: '127.0.0.1',
      stream_server_port: '0',
      restrict_oom_score_adj: !config.lowerOomScore,
      disable_apparmor: config.disableApparmor ?? false,
      tolerate_missing_hugetlb_controller: true,
      netns_mounts_under_state_dir: true,
      stats_collect_period: 30,
    },
    [`${cri}.containerd`]: {
      snapshotter,
      default_runtime_name: 'runc',
      disable_snapshot_annotations: true,
      discard_unpacked_layers: true,
    },
    [`${cri}.containerd.runtimes.runc`]: { runtime_type: 'io.containerd.runc.v2' },
    [`${cri}.containerd.runtimes.runc.options`]: {
      BinaryName: config.runtimeBinary,
      SystemdCgroup: false,
    },
    [`${cri}.cni`]: { bin_dir: config.cniBinDir, conf_dir: config.cniConfDir, max_conf_num: 1 },
    ...(config.registryConfigDir && {
      [`${cri}.registry`]: { config_path: config.registryConfigDir },
    }),
  });
}

type Value = string | number | boolean | string[];

/** Sections of TOML. JSON's string and list literals are TOML's as well. */
function render(sections: Record<string, Record<string, Value>>): string {
  let text = '';
  for (const [name, entries] of Object.entries(sections)) {
    if (name) text += `\n[${name}]\n`;
    for (const [key, value] of Object.entries(entries)) text += `${key} = ${JSON.stringify(value)}\n`;
  }
  return text;
}
