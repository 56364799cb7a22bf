using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Broker.Hosting;
using ProtoBridgeMQ.Gateway.Dashboard;
using ProtoBridgeMQ.Gateway.Http;
using ProtoBridgeMQ.Gateway.Mapping;
using ProtoBridgeMQ.Gateway.Metrics;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.Gateway.Tracing;
using ProtoBridgeMQ.Gateway.Transports;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Puts the parts together: options, log, bridge, fronts, endpoints.</summary>
internal static class GatewayBuilder
{
    private const int DefaultMqttsPort = 8883;
    private const int DefaultHttpsPort = 8443;

    /// <summary>Builds what <paramref name="options"/> describe; nothing listens yet.</summary>
    /// <exception cref="GatewayStartException">The options cannot work.</exception>
    public static WebApplication Build(GatewayOptions options, GatewaySetup setup)
    {
        AccessOptions access = Read<AccessOptions>(setup, "access");
        access.AllowAnonymous = options.AllowAnonymous;
        bool hasCertificate = Read<TlsOptions>(setup, "tls").IsConfigured();
        GatewayRules.Check(options, access.IsConfigured(), hasCertificate);
        if (hasCertificate)
        {
            options.MqttsPort ??= DefaultMqttsPort;
            options.HttpsPort ??= DefaultHttpsPort;
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "ProtoBridgeMQ.Gateway",
            // The host would watch the whole tree below the working directory for a file that we do not read.
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.Sources.Clear();
        if (setup.Configuration is not null)
            builder.Configuration.AddConfiguration(setup.Configuration);

        AddLog(builder.Logging, options, setup);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<IConfigurationView>(new ConfigurationView(options, setup));
        builder.Services.AddSingleton(setup.Clock);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        IBackend backend = BackendOf(options, setup, GatewayRules.RemotingListen(options, access.IsConfigured()));
        var bridge = new OpenBridge(isOwned: setup.Bridge is null);
        builder.Services.AddSingleton(backend);
        builder.Services.AddSingleton(bridge);
        if (setup.Bridge is not null)
            builder.Services.AddSingleton(setup.Bridge);
        else
            builder.Services.AddSingleton(_ => bridge.Bridge);

        backend.Add(builder.Services, builder.Configuration);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OpenBridge>());
        if (builder.Services.AddMappingRules(setup.File) is { Count: > 0 } wrong)
            throw new GatewayStartException(GatewayStartException.WrongUsage, $"{setup.File}: {string.Join("; ", wrong)}");

        builder.Services.AddTelemetry(Read<OtlpOptions>(setup, "otlp"), otlp => Bind(builder, "otlp", otlp), trace => Bind(builder, "messageTrace", trace));
        builder.Services.AddMetricsPage(metrics => Bind(builder, "metrics", metrics));
        AddAccess(builder, options);
        if (options.HasMqtt)
            builder.Services.AddMqttFront(mqtt => Bind(builder, "mqtt", mqtt));

        if (options.HasHttp)
            builder.Services.AddHttpFront(http => Bind(builder, "http", http));

        var listeners = new Listeners();
        builder.Services.AddSingleton(listeners);
        // The one place for the sockets of all fronts: handlers run where the bytes arrive, because they never block.
        builder.WebHost.UseLowLatencySockets(sockets => Bind(builder, "sockets", sockets));
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, options, backend, listeners));
        setup.Services?.Invoke(builder.Services);
        return builder.Build();
    }

    /// <summary>Maps the addresses of the HTTP port; the bridge is open by then.</summary>
    public static void Map(WebApplication application, GatewayOptions options)
    {
        if (!options.HasHttp)
            return;

        application.UseWebSockets();
        application.UseHttpFront();
        application.MapDashboard();
        application.MapMetricsPage(HttpFront.CheckManageAsync);
        if (options.HasMqtt)
            application.MapMqttFront();
    }

    private static void AddAccess(WebApplicationBuilder builder, GatewayOptions options)
    {
        builder.Services.AddOptions<AccessOptions>().Configure(access =>
        {
            Bind(builder, "access", access);
            access.AllowAnonymous = options.AllowAnonymous;
        }).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(services => new AccessControl(
            services.GetRequiredService<IOptions<AccessOptions>>().Value,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<AccessControl>>()));
        builder.Services.AddTransports(tls => Bind(builder, "tls", tls), proxy => Bind(builder, "proxyProtocol", proxy));
    }

    private static T Read<T>(GatewaySetup setup, string section)
        where T : new()
    {
        var read = new T();
        setup.Configuration?.GetSection(section).Bind(read);
        return read;
    }

    private static void Bind(WebApplicationBuilder builder, string section, object target)
        => builder.Configuration.GetSection(section).Bind(target);

    private static void AddLog(ILoggingBuilder log, GatewayOptions options, GatewaySetup setup)
    {
        log.ClearProviders();
        log.SetMinimumLevel(options.LogLevel);
        LogLevel framework = options.LogLevel < LogLevel.Information ? LogLevel.Information : LogLevel.Warning;
        log.AddFilter("Microsoft", options.LogLevel > framework ? options.LogLevel : framework);
        // What binds badly is reported once, by the line that ends the process.
        log.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (setup.Log is not null)
        {
            log.AddProvider(setup.Log);
            return;
        }

        if (options.LogFormat == LogFormat.Json)
        {
            // The ids tie a line to its trace, where there is one.
            log.Configure(static factory => factory.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
            log.AddJsonConsole(static console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                console.IncludeScopes = true;
            });
            return;
        }

        log.AddConsole(static console => console.FormatterName = LineFormatter.FormatterName);
        log.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
    }

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options, IBackend backend, Listeners listeners)
    {
        kestrel.AddServerHeader = false;
        IPAddress address = IPAddress.Parse(options.Listen);
        ProxyProtocolOptions proxy = kestrel.ApplicationServices.GetRequiredService<IOptions<ProxyProtocolOptions>>().Value;
        if (options.MqttPort != GatewayOptions.Off)
            ListenMqtt(kestrel, address, options.MqttPort, proxy.Mqtt, isEncrypted: false, endpoint => listeners.Mqtt = endpoint);

        if (options.MqttsPort is { } mqtts and not GatewayOptions.Off)
            ListenMqtt(kestrel, address, mqtts, proxy.Mqtts, isEncrypted: true, endpoint => listeners.Mqtts = endpoint);

        if (options.HttpPort != GatewayOptions.Off)
            ListenHttp(kestrel, address, options.HttpPort, proxy.Http, isEncrypted: false, endpoint => listeners.Http = endpoint);

        if (options.HttpsPort is { } https and not GatewayOptions.Off)
            ListenHttp(kestrel, address, https, proxy.Https, isEncrypted: true, endpoint => listeners.Https = endpoint);

        backend.Listen(kestrel, address, listeners);
    }

    private static void ListenMqtt(KestrelServerOptions kestrel, IPAddress address, int port, bool isBehindProxy, bool isEncrypted, Action<ListenOptions> remember)
        => Listeners.Listen<MqttConnectionHandler>(kestrel, address, PortOf(port), isDirect: !isBehindProxy && !isEncrypted, endpoint =>
        {
            remember(endpoint);
            endpoint.UseTransports(isBehindProxy, isEncrypted);
        });

    private static void ListenHttp(KestrelServerOptions kestrel, IPAddress address, int port, bool isBehindProxy, bool isEncrypted, Action<ListenOptions> remember)
        => kestrel.Listen(address, PortOf(port), endpoint =>
        {
            remember(endpoint);
            endpoint.UseTransports(isBehindProxy, isEncrypted, SslApplicationProtocol.Http11);
            endpoint.UseHttpFront();
        });

    private static IBackend BackendOf(GatewayOptions options, GatewaySetup setup, string remotingListen)
    {
        if (setup.Bridge is not null)
            return new GivenBackend(setup.Bridge);

        return options.IsCluster ? new ClusterBackend(options) : new EmbeddedBackend(options, remotingListen);
    }

    /// <summary>What Kestrel takes for any free port.</summary>
    private static int PortOf(int port) => port == GatewayOptions.Any ? 0 : port;
}
