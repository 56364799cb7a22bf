using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Tracing;

/// <summary>How the composition root brings traces in.</summary>
internal static class TelemetryServices
{
    /// <summary>Adds the export, where the options or the environment say where to.</summary>
    /// <param name="services">The services.</param>
    /// <param name="otlp">As configured.</param>
    /// <param name="configure">Fills the options.</param>
    /// <param name="configureTrace">Fills the options of RocketMQ's message trace.</param>
    public static IServiceCollection AddTelemetry(this IServiceCollection services, OtlpOptions otlp, Action<OtlpOptions> configure, Action<MessageTraceOptions> configureTrace)
    {
        services.AddOptions<OtlpOptions>()
            .Configure(configure)
            .ValidateDataAnnotations()
            .Validate(
                static options => options.Endpoint.Length == 0 || (Uri.TryCreate(options.Endpoint, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"),
                "otlp.endpoint must be an address such as http://127.0.0.1:4318")
            .ValidateOnStart();
        services.AddOptions<MessageTraceOptions>().Configure(configureTrace).ValidateDataAnnotations().ValidateOnStart();
        if (otlp.IsOn)
        {
            services.AddSingleton<Telemetry>();
            services.AddHostedService(static provider => provider.GetRequiredService<Telemetry>());
        }

        return services;
    }

    /// <summary>The bridge for the fronts: with what was asked for around it. The export begins here, before the first message.</summary>
    public static IMessageBridge Traced(this IMessageBridge bridge, IServiceProvider services)
    {
        MessageTraceOptions trace = services.GetRequiredService<IOptions<MessageTraceOptions>>().Value;
        if (trace.Enabled)
        {
            bridge = new MessageTraceBridge(bridge, trace, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<MessageTraceBridge>>());
        }

        return services.GetService<Telemetry>() is null ? bridge : new TracedBridge(bridge);
    }
}
