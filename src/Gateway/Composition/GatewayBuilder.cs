using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using ProtoBridgeMQ.Broker.Hosting;
using ProtoBridgeMQ.Gateway.Http;
using ProtoBridgeMQ.Gateway.Metrics;
using ProtoBridgeMQ.Gateway.Mqtt;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Puts the parts together: options, log, bridge, fronts, endpoints.</summary>
internal static class GatewayBuilder
{
    /// <summary>Builds what <paramref name="options"/> describe; nothing listens yet.</summary>
    /// <exception cref="GatewayStartException">The options cannot work.</exception>
    public static WebApplication Build(GatewayOptions options, GatewaySetup setup)
    {
        GatewayRules.Check(options);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "ProtoBridgeMQ.Gateway" });
        builder.Configuration.Sources.Clear();
        if (setup.Configuration is not null)
            builder.Configuration.AddConfiguration(setup.Configuration);

        AddLog(builder.Logging, options, setup);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(setup.Clock);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        IBackend backend = BackendOf(options, setup);
        var bridge = new OpenBridge(isOwned: setup.Bridge is null);
        builder.Services.AddSingleton(backend);
        builder.Services.AddSingleton(bridge);
        if (setup.Bridge is not null)
            builder.Services.AddSingleton(setup.Bridge);
        else
            builder.Services.AddSingleton(_ => bridge.Bridge);

        backend.Add(builder.Services, builder.Configuration);
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OpenBridge>());
        builder.Services.AddMetricsPage(metrics => Bind(builder, "metrics", metrics));
        if (options.MqttPort != GatewayOptions.Off)
            builder.Services.AddMqttFront(mqtt => Bind(builder, "mqtt", mqtt));

        if (options.HttpPort != GatewayOptions.Off)
            builder.Services.AddHttpFront(http => Bind(builder, "http", http));

        var listeners = new Listeners();
        builder.Services.AddSingleton(listeners);
        // The one place for the sockets of all fronts: handlers run where the bytes arrive, because they never block.
        builder.WebHost.UseLowLatencySockets();
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, options, backend, listeners));
        setup.Services?.Invoke(builder.Services);
        return builder.Build();
    }

    /// <summary>Maps the addresses of the HTTP port; the bridge is open by then.</summary>
    public static void Map(WebApplication application, GatewayOptions options)
    {
        if (options.HttpPort == GatewayOptions.Off)
            return;

        application.UseHttpFront();
        application.MapMetricsPage();
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

        log.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
    }

    private static void Listen(KestrelServerOptions kestrel, GatewayOptions options, IBackend backend, Listeners listeners)
    {
        kestrel.AddServerHeader = false;
        IPAddress address = IPAddress.Parse(options.Listen);
        if (options.MqttPort != GatewayOptions.Off)
            Listeners.Listen<MqttConnectionHandler>(kestrel, address, PortOf(options.MqttPort), endpoint => listeners.Mqtt = endpoint);

        if (options.HttpPort != GatewayOptions.Off)
            kestrel.Listen(address, PortOf(options.HttpPort), endpoint => listeners.Http = endpoint.UseHttpFront());

        backend.Listen(kestrel, address, listeners);
    }

    private static IBackend BackendOf(GatewayOptions options, GatewaySetup setup)
    {
        if (setup.Bridge is not null)
            return new GivenBackend(setup.Bridge);

        return options.IsCluster ? new ClusterBackend(options) : new EmbeddedBackend(options);
    }

    /// <summary>What Kestrel takes for any free port.</summary>
    private static int PortOf(int port) => port == GatewayOptions.Any ? 0 : port;
}
