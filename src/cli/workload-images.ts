/** Whether every image of the chosen workloads is a program here. Told before anything starts, with what to write. */
import { matchImage } from '../base/image-name.ts'
import type { Deployment } from '../kube/types.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'
import type { Experiment } from '../run/experiment.ts'

/** A sentence with a remedy for each image that nobody mapped. */
export function unmappedImages(
  experiments: readonly Experiment[],
  builtIn: Record<string, ImageContents>,
): string[] {
  const complaints = experiments.flatMap(experiment => {
    const { scenario } = experiment
    const known = [...Object.keys(builtIn), ...Object.keys(scenario.images)]
    return imagesOf(experiment)
      .filter(({ image }) => matchImage(image, known) === null)
      .map(
        ({ image, object }) =>
          `${scenario.name}: ${object} runs the image ${image}, and nothing says which program of this machine that is; ` +
          `add to the scenario:\n  images:\n    ${image}: { command: [node, ./server.js], contains: [sh] }`,
      )
  })
  return [...new Set(complaints)]
}

function imagesOf({ objects }: Experiment): { image: string; object: string }[] {
  return objects.flatMap(object => {
    const { template } = (object as Partial<Deployment>).spec ?? {}
    const containers = [...(template?.spec.initContainers ?? []), ...(template?.spec.containers ?? [])]
    return containers.map(({ image }) => ({ image, object: `${object.kind} ${object.metadata.name}` }))
  })
}
