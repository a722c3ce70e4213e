package main

import (
	"context"
	"time"

	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/clients/managedcertificate"
	"k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const period = 2 * time.Second

// watched are ManagedCertificates that are looked after more often until they are active. Upstream looks each minute,
// which is nothing beside the half hour that Google takes, and long beside the sandbox's seconds.
type watched struct{ managedcertificate.Interface }

func (w watched) Run(ctx context.Context, queue workqueue.RateLimitingInterface) {
	go wait.Until(func() { w.addWaiting(queue) }, period, ctx.Done())
	w.Interface.Run(ctx, queue)
}

func (w watched) addWaiting(queue workqueue.RateLimitingInterface) {
	all, err := w.List()
	if err != nil {
		runtime.HandleError(err)
		return
	}
	for _, one := range all {
		if one.Status.CertificateStatus == "Active" {
			continue
		}
		if key, err := cache.MetaNamespaceKeyFunc(one); err == nil {
			queue.Add(key)
		}
	}
}
