package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/clients/ingress"
	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/utils/queue"
	"github.com/GoogleCloudPlatform/gke-managed-certs/pkg/utils/types"
	"k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kube "k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

var resource = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}

// ingresses are what the controller knows of Ingresses: their metadata, of which it changes one annotation.
type ingresses struct {
	client   metadata.Interface
	factory  metadatainformer.SharedInformerFactory
	informer informers.GenericInformer
}

func newIngresses(access *rest.Config) (ingress.Interface, error) {
	client, err := metadata.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	factory := metadatainformer.NewSharedInformerFactory(client, 0)
	return ingresses{client, factory, factory.ForResource(resource)}, nil
}

func (i ingresses) Get(id types.Id) (*v1beta1.Ingress, error) {
	found, err := i.informer.Lister().ByNamespace(id.Namespace).Get(id.Name)
	if err != nil {
		return nil, err
	}
	return asIngress(found)
}

func (i ingresses) HasSynced() bool { return i.informer.Informer().HasSynced() }

func (i ingresses) List() ([]*v1beta1.Ingress, error) {
	all, err := i.informer.Lister().List(labels.Everything())
	if err != nil {
		return nil, err
	}
	found := make([]*v1beta1.Ingress, len(all))
	for index, one := range all {
		if found[index], err = asIngress(one); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Update writes the annotations, unless somebody has changed the Ingress since it was read.
func (i ingresses) Update(ctx context.Context, wanted *v1beta1.Ingress) error {
	change, err := json.Marshal(map[string]interface{}{"metadata": map[string]interface{}{
		"annotations":     wanted.Annotations,
		"resourceVersion": wanted.ResourceVersion,
	}})
	if err != nil {
		return err
	}
	_, err = i.client.Resource(resource).Namespace(wanted.Namespace).
		Patch(ctx, wanted.Name, kube.MergePatchType, change, metav1.PatchOptions{})
	return err
}

func (i ingresses) Run(ctx context.Context, waiting workqueue.RateLimitingInterface) {
	add := func(one interface{}) { queue.Add(waiting, one) }
	i.informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, now interface{}) { add(now) },
		DeleteFunc: add,
	})
	i.factory.Start(ctx.Done())
}

func asIngress(found runtime.Object) (*v1beta1.Ingress, error) {
	known, ok := found.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil, fmt.Errorf("%T is no object's metadata", found)
	}
	return &v1beta1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: resource.GroupVersion().String(), Kind: "Ingress"},
		ObjectMeta: *known.ObjectMeta.DeepCopy(),
	}, nil
}
