"""An imitation of GKE's credential plugin, `gke-gcloud-auth-plugin`, which no registry serves: its name and its output."""
