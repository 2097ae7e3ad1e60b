/** How admission names the volume of a pod's service account token, and the kubelet knows it by that name. */
export const tokenVolumePrefix = 'kube-api-access-'
