using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Access;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>A gateway that runs in this process.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly WebApplication _application;

    private GatewayHost(WebApplication application, GatewayOptions options, GatewayEndpoints endpoints, IMessageBridge bridge)
    {
        _application = application;
        Options = options;
        Endpoints = endpoints;
        Bridge = bridge;
    }

    /// <summary>The options it was started with.</summary>
    public GatewayOptions Options { get; }

    /// <summary>Where it listens, with the ports that <see cref="GatewayOptions.Any"/> became.</summary>
    public GatewayEndpoints Endpoints { get; }

    /// <summary>Whether access control is set up.</summary>
    public bool HasAccessControl => !_application.Services.GetRequiredService<AccessControl>().IsOpen;

    /// <summary>The bridge behind its fronts.</summary>
    public IMessageBridge Bridge { get; }

    /// <summary>Starts everything; complete when all of it listens and the broker is registered.</summary>
    /// <exception cref="GatewayStartException">It cannot start; nothing is left running.</exception>
    public static async Task<GatewayHost> StartAsync(GatewayOptions options, GatewaySetup? setup = null, CancellationToken cancellationToken = default)
    {
        WebApplication? application = null;
        try
        {
            application = GatewayBuilder.Build(options, setup ?? new GatewaySetup());
            GatewayEndpoints endpoints = await GatewayStart.RunAsync(application, options, cancellationToken);
            return new GatewayHost(application, options, endpoints, application.Services.GetRequiredService<IMessageBridge>());
        }
        catch (Exception failure)
        {
            if (application is not null)
                await application.DisposeAsync();

            if (GatewayStart.Translate(failure, options) is { } refusal)
                throw refusal;

            throw;
        }
    }

    /// <summary>Tells the log what the banner would say.</summary>
    internal void LogReady(TimeSpan took) => _application.Services.GetRequiredService<ILogger<GatewayHost>>().Ready(
        (long)took.TotalMilliseconds,
        Endpoints.Mqtt?.ToString() ?? "off",
        Endpoints.Http?.ToString() ?? "off",
        Endpoints.NameServer?.ToString() ?? "off",
        Endpoints.Broker?.ToString() ?? "off",
        Bridge.Capabilities.Durability,
        Bridge.Capabilities.Cluster);

    /// <summary>Tells the log what was ignored of the settings.</summary>
    internal void LogIgnored(IReadOnlyList<string> warnings)
    {
        ILogger<GatewayHost> log = _application.Services.GetRequiredService<ILogger<GatewayHost>>();
        foreach (string warning in warnings)
            log.SettingIgnored(warning);
    }

    /// <summary>Waits until something asks it to stop: a signal, or the host.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => _application.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops: fronts drain, then the broker flushes and closes its store.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default)
        => _application.Lifetime.ApplicationStopped.IsCancellationRequested ? Task.CompletedTask : _application.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _application.DisposeAsync();
    }
}
