using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Starts what was built, and turns what goes wrong into one line.</summary>
internal static class GatewayStart
{
    /// <summary>Starts; complete when everything listens and the broker is registered.</summary>
    public static async Task<GatewayEndpoints> RunAsync(WebApplication application, GatewayOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var backend = application.Services.GetRequiredService<IBackend>();
            application.Services.GetRequiredService<OpenBridge>().Bridge = await backend.OpenAsync(application.Services, cancellationToken);
            GatewayBuilder.Map(application, options);
            await application.StartAsync(cancellationToken);
            await backend.WaitUntilReadyAsync(application.Services, cancellationToken);
            return application.Services.GetRequiredService<Listeners>().Bound;
        }
        catch (OptionsValidationException wrong)
        {
            throw new GatewayStartException(GatewayStartException.WrongUsage, $"{Named(wrong.OptionsType)}: {string.Join(" ", wrong.Failures)}", wrong);
        }
        catch (IOException taken) when (taken.InnerException is AddressInUseException)
        {
            throw new GatewayStartException(GatewayStartException.Taken, InUse(taken.Message, options), taken);
        }
        catch (StoreUnusableException unusable)
        {
            throw new GatewayStartException(GatewayStartException.Taken, unusable.Message, unusable);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            throw new GatewayStartException(GatewayStartException.Failed, failure.Message, failure);
        }
    }

    private static string Named(Type options)
        => Section.All.FirstOrDefault(section => section.Options == options)?.Name ?? options.Name;

    private static string InUse(string message, GatewayOptions options)
    {
        (string Option, int Port)[] ports =
        [
            ("--mqtt-port", options.MqttPort),
            ("--http-port", options.HttpPort),
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
