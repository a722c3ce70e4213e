// GKE's Ingress controller: upstream's controllers under a main of our own.
//
// Upstream's main answers its health check on every interface of the machine and always elects a leader or asks for
// its switch; it also opens controllers for Anthos Service Mesh, Private Service Connect and internal Services. Here
// the check is on the loopback interface, there is one instance, and the controllers are those for Ingresses, network
// endpoint groups, nodes, firewalls and external Services; all else is as upstream's main has it, flags included.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	flag "github.com/spf13/pflag"
	definitions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/ingress-gce/cmd/glbc/app"
	"k8s.io/ingress-gce/pkg/backendconfig"
	backendconfigs "k8s.io/ingress-gce/pkg/backendconfig/client/clientset/versioned"
	ingress "k8s.io/ingress-gce/pkg/context"
	"k8s.io/ingress-gce/pkg/controller"
	"k8s.io/ingress-gce/pkg/crd"
	"k8s.io/ingress-gce/pkg/firewalls"
	"k8s.io/ingress-gce/pkg/flags"
	"k8s.io/ingress-gce/pkg/frontendconfig"
	frontendconfigs "k8s.io/ingress-gce/pkg/frontendconfig/client/clientset/versioned"
	_ "k8s.io/ingress-gce/pkg/klog"
	"k8s.io/ingress-gce/pkg/l4lb"
	"k8s.io/ingress-gce/pkg/neg"
	negtypes "k8s.io/ingress-gce/pkg/neg/types"
	"k8s.io/ingress-gce/pkg/svcneg"
	svcnegs "k8s.io/ingress-gce/pkg/svcneg/client/clientset/versioned"
	"k8s.io/ingress-gce/pkg/utils"
	"k8s.io/klog/v2"
)

// define puts the controller's own CRDs into the cluster, as it does in GKE.
func define(access *rest.Config) error {
	client, err := definitions.NewForConfig(access)
	if err != nil {
		return err
	}
	handler := crd.NewCRDHandler(client)
	metas := []*crd.CRDMeta{backendconfig.CRDMeta(), frontendconfig.CRDMeta(), svcneg.CRDMeta()}
	problems := make([]error, len(metas))
	var all sync.WaitGroup // each is waited for; at the same time that is one wait
	for index, meta := range metas {
		all.Go(func() { _, problems[index] = handler.EnsureCRD(meta, true) })
	}
	all.Wait()
	return errors.Join(problems...)
}

func newContext(access *rest.Config, client kubernetes.Interface, backend utils.ServicePort) (*ingress.ControllerContext, error) {
	backends, err := backendconfigs.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	frontends, err := frontendconfigs.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	groups, err := svcnegs.NewForConfig(access)
	if err != nil {
		return nil, err
	}
	namer, err := app.NewNamer(client, flags.F.ClusterName, firewalls.DefaultFirewallName)
	if err != nil {
		return nil, fmt.Errorf("namer: %w", err)
	}
	system, err := client.CoreV1().Namespaces().Get(context.Background(), metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	settings := ingress.ControllerContextConfig{
		Namespace:             flags.F.WatchNamespace,
		ResyncPeriod:          flags.F.ResyncPeriod,
		NumL4Workers:          flags.F.NumL4Workers,
		NumL4NetLBWorkers:     flags.F.NumL4NetLBWorkers,
		DefaultBackendSvcPort: backend,
		HealthCheckPath:       flags.F.HealthCheckPath,
		FrontendConfigEnabled: flags.F.EnableFrontendConfig,
		EndpointSlicesEnabled: flags.F.EnableEndpointSlices,
		MaxIGSize:             flags.F.MaxIGSize,
	}
	cloud := app.NewGCEClient()
	return ingress.NewControllerContext(access, client, backends, frontends, groups, nil, nil, cloud, namer, system.UID, settings), nil
}

func newNEGs(ctx *ingress.ControllerContext, zones negtypes.ZoneGetter) *neg.Controller {
	return neg.NewController(
		ctx.KubeClient,
		ctx.SvcNegClient,
		ctx.DestinationRuleClient,
		ctx.KubeSystemUID,
		ctx.IngressInformer,
		ctx.ServiceInformer,
		ctx.PodInformer,
		ctx.NodeInformer,
		ctx.EndpointInformer,
		ctx.EndpointSliceInformer,
		ctx.DestinationRuleInformer,
		ctx.SvcNegInformer,
		ctx.HasSynced,
		ctx.ControllerMetrics,
		ctx.L4Namer,
		ctx.DefaultBackendSvcPort,
		negtypes.NewAdapter(ctx.Cloud),
		zones,
		ctx.ClusterNamer,
		flags.F.ResyncPeriod,
		flags.F.NegGCPeriod,
		flags.F.EnableReadinessReflector,
		flags.F.RunIngressController,
		flags.F.RunL4Controller,
		flags.F.EnableNonGCPMode,
		false, // Anthos Service Mesh
		nil,
		flags.F.EnableEndpointSlices,
		klog.TODO(),
	)
}

// serve answers /healthz with the health of every controller.
func serve(check func() ingress.HealthCheckResults) {
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		for name, problem := range check() {
			if problem != nil {
				http.Error(w, fmt.Sprintf("%s: %v", name, problem), http.StatusInternalServerError)
				return
			}
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: fmt.Sprintf("127.0.0.1:%d", flags.F.HealthzPort), ReadHeaderTimeout: 5 * time.Second}
	klog.Fatal(server.ListenAndServe())
}

func run() error {
	access, err := app.NewKubeConfig()
	if err != nil {
		return err
	}
	protobuf, err := app.NewKubeConfigForProtobuf()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(protobuf)
	if err != nil {
		return err
	}
	backend := make(chan utils.ServicePort, 1)
	go func() { backend <- app.DefaultBackendServicePort(client) }() // it looks first after three seconds
	if err := define(access); err != nil {
		return fmt.Errorf("CRDs: %w", err)
	}
	ctx, err := newContext(access, client, <-backend)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	ctx.Init()
	balancers := controller.NewLoadBalancerController(ctx, stop)
	rules := firewalls.NewFirewallController(ctx, flags.F.NodePortRanges.Values())
	groups := newNEGs(ctx, balancers.Translator)
	ctx.AddHealthCheck("neg-controller", groups.IsHealthy)
	go groups.Run(stop)
	go app.RunSIGTERMHandler(balancers, flags.F.DeleteAllOnQuit)
	go rules.Run()
	ctx.Start(stop)
	nodes := controller.NewNodeController(ctx, stop)
	go nodes.Run()
	if flags.F.RunL4NetLBController {
		go l4lb.NewL4NetLBController(ctx, stop).Run()
	}
	go serve(ctx.HealthCheck)
	balancers.Run()
	select {} // the handler of SIGTERM ends the process
}

func main() {
	flags.Register()
	flag.Parse()
	defer klog.Flush()
	if err := run(); err != nil {
		klog.Fatal(err)
	}
}
