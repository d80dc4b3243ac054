import type { ImageConfig } from '../manifest.ts';
import type { LayerFile } from './layer.ts';

/** What stands in for an image: packages, files of ours and the original's configuration. */
export interface Recipe {
  /** For the user: `nginx`. */
  name: string;
  /** The repositories it stands in for, normalised: `docker.io/library/nginx`. Any tag of them. */
  repositories: readonly string[];
  /** Raised with every change, so that images built by an older Causeway are built anew. */
  revision: number;
  /**
   * The packages, layer by layer; a layer holds what the ones before it do not. Images whose first layers
   * name the same packages share them.
   */
  packages: readonly (readonly string[])[];
  /** False where the image has no shell of Debian's and its folders are those of the packages. */
  mergedUsr?: boolean;
  /** Files of the packages that `files` wants to read. */
  collect?: RegExp;
  /** The last layer. */
  files(context: RecipeContext): Promise<LayerFile[]> | LayerFile[];
  config: ImageConfig;
}

/** What a recipe may use when it makes its files. */
export interface RecipeContext {
  /** What `collect` matched, by path without the leading slash. */
  collected: ReadonlyMap<string, Buffer>;
  /** Version of a package in the image. @throws Error where it is not in it. */
  version(name: string): string;
  /** Runs a static program of the image on this machine, under a name that begins with `name`. */
  execute(name: string, program: Buffer, args: readonly string[]): Promise<string>;
  /** A program of this machine, looked for on PATH. @throws Error that names the package to install. */
  machineProgram(name: string): Promise<Buffer>;
}
