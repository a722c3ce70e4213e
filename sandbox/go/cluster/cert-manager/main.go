// Command cert-manager runs cert-manager's own controllers for the sandbox.
//
// Upstream's main lives in a Go module of its own that no registry serves, so this one puts the same controllers
// together from cert-manager's packages: issuers, certificates, requests, ACME orders and challenges, and the shims
// that make Certificates from annotated Ingresses and Gateways. Not included: the Vault and Venafi issuers, the
// CertificateSigningRequest controllers, leader election (there is one instance), the webhook and the CA injector.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/gateways"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/logs"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/resource"
	logsapi "k8s.io/component-base/logs/api/v1"
)

const workers = 5 // per controller, as upstream

type options struct {
	kubeconfig        string
	resourceNamespace string
	nameservers       string
	healthzAddress    string
	ambient           bool
	retryPeriod       time.Duration
	verbosity         int
}

func parse() options {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "path of the kubeconfig that reaches the API server")
	flag.StringVar(&o.resourceNamespace, "cluster-resource-namespace", "cert-manager",
		"namespace of the Secrets that ClusterIssuers refer to")
	flag.StringVar(&o.nameservers, "nameservers", "",
		"comma-separated host:port of the DNS servers asked in DNS-01 and HTTP-01 self-checks")
	flag.StringVar(&o.healthzAddress, "healthz-address", "127.0.0.1:9403",
		"host:port of the readiness check; /readyz answers 200 once every cache is filled")
	flag.BoolVar(&o.ambient, "cluster-issuer-ambient-credentials", true,
		"whether ClusterIssuers without credentials of their own may use those in the environment")
	flag.DurationVar(&o.retryPeriod, "check-retry-period", 10*time.Second,
		"pause between two self-checks of a DNS-01 challenge")
	flag.IntVar(&o.verbosity, "v", 2, "how much to log: 0 errors, 2 what is done, 4 debugging")
	flag.Parse()
	return o
}

// controllerOptions are upstream's defaults except where a sandbox on one machine calls for another value.
func (o options) controllerOptions() controller.ContextOptions {
	nameservers := strings.Split(o.nameservers, ",")
	return controller.ContextOptions{
		Kubeconfig:         o.kubeconfig,
		KubernetesAPIQPS:   500,
		KubernetesAPIBurst: 1000,
		ConfigOptions:      controller.ConfigOptions{EnableGatewayAPI: true},
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace:        o.resourceNamespace,
			ClusterIssuerAmbientCredentials: o.ambient,
		},
		ACMEOptions: controller.ACMEOptions{
			// No image is ever pulled: the sandbox answers for the solver's pod from the pod's own arguments.
			HTTP01SolverImage:                 "sandbox.portico.dev/acmesolver",
			HTTP01SolverResourceRequestCPU:    resource.MustParse("10m"),
			HTTP01SolverResourceRequestMemory: resource.MustParse("64Mi"),
			HTTP01SolverResourceLimitsCPU:     resource.MustParse("100m"),
			HTTP01SolverResourceLimitsMemory:  resource.MustParse("64Mi"),
			ACMEHTTP01SolverRunAsNonRoot:      true,
			HTTP01SolverNameservers:           nameservers,
			DNS01Nameservers:                  nameservers,
			// The sandbox's one server is authoritative; there is no delegation to follow from the root.
			DNS01CheckAuthoritative: false,
			DNS01CheckRetryPeriod:   o.retryPeriod,
		},
		IngressShimOptions: controller.IngressShimOptions{
			DefaultIssuerKind:                 "Issuer",
			DefaultIssuerGroup:                "cert-manager.io",
			DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
		},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes: []string{
				"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/",
			},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	}
}

// serveReadiness answers /readyz until the context ends.
func serveReadiness(ctx context.Context, address string, ready *atomic.Bool) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "caches are being filled", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("readiness check on %s: %w", address, err)
	}
	return nil
}

func run(ctx context.Context, o options) error {
	factory, err := controller.NewContextFactory(ctx, o.controllerOptions())
	if err != nil {
		return err
	}
	root, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	var ready atomic.Bool
	group.Go(func() error { return serveReadiness(ctx, o.healthzAddress, &ready) })
	for name, construct := range controller.Known() {
		built, err := construct(factory)
		if err != nil {
			return fmt.Errorf("controller %s: %w", name, err)
		}
		group.Go(func() error {
			if err := built.Run(workers, ctx); err != nil {
				return fmt.Errorf("controller %s: %w", name, err)
			}
			return nil
		})
	}
	root.SharedInformerFactory.Start(ctx.Done())
	root.KubeSharedInformerFactory.Start(ctx.Done())
	root.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	root.GWShared.Start(ctx.Done())
	group.Go(func() error {
		root.SharedInformerFactory.WaitForCacheSync(ctx.Done())
		root.KubeSharedInformerFactory.WaitForCacheSync(ctx.Done())
		root.HTTP01ResourceMetadataInformersFactory.WaitForCacheSync(ctx.Done())
		root.GWShared.WaitForCacheSync(ctx.Done())
		ready.Store(ctx.Err() == nil)
		return nil
	})
	return group.Wait()
}

func main() {
	o := parse()
	logs.InitLogs()
	defer logs.FlushLogs()
	logging := logsapi.NewLoggingConfiguration()
	logging.Verbosity = logsapi.VerbosityLevel(o.verbosity)
	if err := errors.Join(logs.ValidateAndApply(logging), redirectCloudDNS()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		logs.Log.Error(err, "cert-manager ends")
		logs.FlushLogs()
		os.Exit(1)
	}
}
