using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.StoreTools;
using ProtoBridgeMQ.Sockets;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Recovery;

namespace ProtoBridgeMQ.Broker.Hosting;

/// <summary>Puts a broker into a host: stand-alone, or in the gateway's process.</summary>
public static class BrokerHosting
{
    /// <summary>
    /// Adds the broker. <see cref="IBrokerCore"/> is there once the host starts: the store is recovered before any
    /// server listens. Stopping leaves the name servers, then stops the store cleanly.
    /// </summary>
    public static IServiceCollection AddBroker(this IServiceCollection services, Action<BrokerOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IFileSystem>(PhysicalFileSystem.Instance);
        services.AddOptions<BrokerOptions>()
            .Configure(options => configure?.Invoke(options))
            .ValidateDataAnnotations()
            .Validate(static options => TryHost(options, out _), "Broker:Listen and Broker:Advertise must be IP addresses, and Port not 0")
            .ValidateOnStart();
        services.AddSingleton(Open);
        services.AddSingleton<IBrokerCore>(static provider => provider.GetRequiredService<BrokerCore>());
        services.AddSingleton<BrokerConnectionHandler>();
        services.AddHostedService<BrokerService>();
        return services;
    }

    /// <summary>Has a rebuild show a bar where the output is a terminal; elsewhere it logs a line every five seconds.</summary>
    public static IServiceCollection AddRebuildBar(this IServiceCollection services, TextWriter output)
    {
        if (RebuildBar.On(output) is { } bar)
        {
            services.AddSingleton<IProgress<RecoveryProgress>>(bar);
        }

        return services;
    }

    /// <summary>Serves the broker's remoting protocol on an endpoint.</summary>
    public static ListenOptions UseBroker(this ListenOptions listen)
    {
        listen.UseConnectionHandler<BrokerConnectionHandler>();
        return listen;
    }

    /// <summary>
    /// Sockets for request and answer: event loops for the addresses that are <see cref="LoopEndPoint"/>s; no waiting for
    /// more bytes, and handlers run where the bytes arrive, because they never block.
    /// </summary>
    public static IWebHostBuilder UseLowLatencySockets(this IWebHostBuilder builder, Action<LoopOptions>? loops = null) => builder.UseSockets(static sockets =>
    {
        sockets.NoDelay = true;
        sockets.Backlog = 4096;
        sockets.UnsafePreferInlineScheduling = true;
    }).ConfigureServices(services => LoopTransport.AddTo(services, loops));

    /// <summary>The address that records, message ids and name servers carry.</summary>
    public static bool TryHost(BrokerOptions options, out IPEndPoint host)
    {
        host = new IPEndPoint(IPAddress.Loopback, options.Port);
        string text = options.Advertise.Length > 0 ? options.Advertise : options.Listen;
        if (!IPAddress.TryParse(text == "localhost" ? "127.0.0.1" : text, out IPAddress? address) || options.Port is < 1 or > 65535)
        {
            return false;
        }

        // Listening everywhere is no address that a client could connect to.
        bool everywhere = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        host = new IPEndPoint(everywhere ? IPAddress.Loopback : address, options.Port);
        return true;
    }

    private static BrokerCore Open(IServiceProvider services)
    {
        BrokerOptions options = services.GetRequiredService<IOptions<BrokerOptions>>().Value;
        TryHost(options, out IPEndPoint host);
        return BrokerCore.Open(
            options, host, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<IFileSystem>(), services.GetService<IProgress<RecoveryProgress>>());
    }
}
