import { type GrpcChannel, GrpcError } from '../grpc/grpc-channel.ts';
import { type CriError, criErrorCodes, type ViewMount } from './cri.ts';
import type { criSchema } from './schema.ts';

type Channel = GrpcChannel<typeof criSchema>;

const service = '/containerd.services.snapshots.v1.Snapshots';
/** CRI's images and their snapshots are in this namespace of containerd's. */
const options = { timeout: 120_000, metadata: { 'containerd-namespace': 'k8s.io' } } as const;

/**
 * Files of an image, read-only, by containerd's own snapshots: CRI mounts images from containerd 2.1 on only, this
 * way is there in every version. A view stays, and with it the layers, until it is removed.
 * @throws CriError or GrpcError
 */
export async function viewImage(channel: Channel, image: string, key: string): Promise<ViewMount[]> {
  const snapshotter = await snapshotterOf(channel);
  const parent = await chainOf(channel, image);
  // Without the label the view would be taken for garbage.
  const labels = { 'containerd.io/gc.root': new Date().toISOString() };
  try {
    const request = { snapshotter, key, parent, labels };
    const call = { ...options, reply: 'ViewSnapshotResponse' } as const;
    return (await channel.unary(`${service}/View`, 'ViewSnapshotRequest', request, call)).mounts;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    const call = { ...options, reply: 'SnapshotMountsResponse' } as const;
    return (await channel.unary(`${service}/Mounts`, 'SnapshotKeyRequest', { snapshotter, key }, call))
      .mounts;
  }
}

/** Fine for one that is not there. */
export async function removeImageView(channel: Channel, key: string): Promise<void> {
  const snapshotter = await snapshotterOf(channel);
  const call = { ...options, reply: 'Empty' } as const;
  try {
    await channel.unary(`${service}/Remove`, 'SnapshotKeyRequest', { snapshotter, key }, call);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}

/** The snapshot of all layers together. */
async function chainOf(channel: Channel, image: string): Promise<string> {
  const request = { image: { image }, verbose: true };
  const call = { timeout: options.timeout, reply: 'ImageStatusResponse' } as const;
  const path = '/runtime.v1.ImageService/ImageStatus';
  const { info } = await channel.unary(path, 'ImageStatusRequest', request, call);
  const { chainID } = JSON.parse(info.info ?? '{}') as { chainID?: string };
  if (!chainID) throw new Error(`the runtime has no files of the image ${image}`);
  return chainID;
}

/** Its name is the end of the folder's where it keeps its files: `…/io.containerd.snapshotter.v1.overlayfs`. */
async function snapshotterOf(channel: Channel): Promise<string> {
  const call = { timeout: options.timeout, reply: 'ImageFsInfoResponse' } as const;
  const path = '/runtime.v1.ImageService/ImageFsInfo';
  const { imageFilesystems } = await channel.unary(path, 'ImageFsInfoRequest', {}, call);
  return /\.v1\.([^./]+)$/.exec(imageFilesystems[0]?.fsId?.mountpoint ?? '')?.[1] ?? 'overlayfs';
}

function hasCode(error: unknown, code: CriError['code']): boolean {
  return error instanceof GrpcError && criErrorCodes[error.code] === code;
}
