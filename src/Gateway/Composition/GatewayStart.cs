using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;
using ProtoBridgeMQ.Gateway.Tracing;
using ProtoBridgeMQ.Gateway.Transports;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Starts what was built, and turns what goes wrong into one line.</summary>
internal static class GatewayStart
{
    /// <summary>Starts; complete when everything listens and the broker is registered.</summary>
    public static async Task<GatewayEndpoints> RunAsync(WebApplication application, GatewayOptions options, CancellationToken cancellationToken)
    {
        var backend = application.Services.GetRequiredService<IBackend>();
        // Files that cannot be used end the start before anything listens.
        application.Services.GetRequiredService<AccessControl>();
        application.Services.GetRequiredService<ServerCertificates>();
        application.Services.GetRequiredService<ProxyProtocol>();
        application.Services.GetRequiredService<OpenBridge>().Bridge = (await backend.OpenAsync(application.Services, cancellationToken)).Traced(application.Services);
        GatewayBuilder.Map(application, options);
        await application.StartAsync(cancellationToken);
        await backend.WaitUntilReadyAsync(application.Services, cancellationToken);
        return application.Services.GetRequiredService<Listeners>().Bound;
    }

    /// <summary>What a failure of the start means for the person who started it; null for a defect.</summary>
    public static GatewayStartException? Translate(Exception failure, GatewayOptions options) => failure switch
    {
        GatewayStartException known => known,
        OptionsValidationException wrong
            => new GatewayStartException(GatewayStartException.WrongUsage, $"{Named(wrong.OptionsType)}: {string.Join(" ", wrong.Failures)}", wrong),
        InvalidOperationException { InnerException: FormatException or ArgumentException } unreadable
            => new GatewayStartException(GatewayStartException.WrongUsage, unreadable.Message, unreadable),
        IOException { InnerException: AddressInUseException } taken
            => new GatewayStartException(GatewayStartException.Taken, InUse(taken.Message, options), taken),
        StoreUnusableException unusable => new GatewayStartException(GatewayStartException.Taken, unusable.Message, unusable),
        AccessFileException or TransportFileException
            => new GatewayStartException(GatewayStartException.WrongUsage, failure.Message, failure),
        FormatException unreadable => new GatewayStartException(GatewayStartException.WrongUsage, "proxyProtocol.trusted: " + unreadable.Message, unreadable),
        BridgeException refusal => new GatewayStartException(GatewayStartException.Failed, refusal.Message, refusal),
        IOException or UnauthorizedAccessException or SocketException
            => new GatewayStartException(GatewayStartException.Failed, failure.Message, failure),
        _ => null,
    };

    private static string Named(Type options)
        => Section.All.FirstOrDefault(section => section.Options == options)?.Name ?? options.Name;

    private static string InUse(string message, GatewayOptions options)
    {
        (string Option, int Port)[] ports =
        [
            ("--mqtt-port", options.MqttPort),
            ("--mqtts-port", options.MqttsPort ?? GatewayOptions.Off),
            ("--http-port", options.HttpPort),
            ("--https-port", options.HttpsPort ?? GatewayOptions.Off),
            ("--namesrv-port", options.NamesrvPort),
            ("--broker-port", options.BrokerPort),
        ];
        foreach ((string option, int port) in ports)
        {
            if (port > 0 && message.Contains($":{port}:", StringComparison.Ordinal))
                return $"Port {port} is in use by another program: stop that one, or choose another with {option} (0 switches it off).";
        }

        return "A port is in use by another program: " + message;
    }
}
