using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Hosting;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Gateway.Mqtt;
using ProtoBridgeMQ.NameServer.Hosting;
using ProtoBridgeMQ.NameServer.Routes;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>Name server and broker in this process.</summary>
internal sealed class EmbeddedBackend : IBackend
{
    private static readonly TimeSpan RegistrationPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    private readonly GatewayOptions _options;
    private readonly string _listen;
    private readonly int _brokerPort;
    private readonly int _nameServerPort;

    public EmbeddedBackend(GatewayOptions options, string listen)
    {
        _options = options;
        _listen = listen;
        IPAddress address = IPAddress.Parse(listen);
        _brokerPort = FreePort.Of(options.BrokerPort, address);
        _nameServerPort = FreePort.Of(options.NamesrvPort, address);
    }

    private bool Registers => _brokerPort != GatewayOptions.Off && _nameServerPort != GatewayOptions.Off;

    public void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (_nameServerPort != GatewayOptions.Off)
        {
            services.AddNameServer(nameServer =>
            {
                nameServer.DataDirectory = Path.Combine(_options.Data, "namesrv");
                configuration.GetSection("nameServer").Bind(nameServer);
            });
        }

        services.AddBroker(broker => Configure(broker, configuration));
        services.AddOptions<EmbeddedOptions>()
            .Configure(embedded => configuration.GetSection("embedded").Bind(embedded))
            .ValidateDataAnnotations()
            .ValidateOnStart();
    }

    public void Listen(KestrelServerOptions kestrel, IPAddress address, Listeners listeners)
    {
        address = IPAddress.Parse(_listen);
        if (_nameServerPort != GatewayOptions.Off)
            Listeners.Listen<NameServerConnectionHandler>(kestrel, address, _nameServerPort, isDirect: false, endpoint => listeners.NameServer = endpoint);

        if (_brokerPort != GatewayOptions.Off)
            Listeners.Listen<BrokerConnectionHandler>(kestrel, address, _brokerPort, isDirect: false, endpoint => listeners.Broker = endpoint);
    }

    public async ValueTask<IMessageBridge> OpenAsync(IServiceProvider services, CancellationToken cancellationToken)
        => await EmbeddedBridge.OpenAsync(
            services.GetRequiredService<IBrokerCore>(),
            services.GetRequiredService<IOptions<EmbeddedOptions>>().Value,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILoggerFactory>(),
            cancellationToken);

    public async Task WaitUntilReadyAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!Registers)
            return;

        var routes = services.GetRequiredService<RouteTable>();
        string name = services.GetRequiredService<IOptions<BrokerOptions>>().Value.Name;
        long began = TimeProvider.System.GetTimestamp();
        while (!routes.GetClusterInfo().Brokers.ContainsKey(name))
        {
            if (TimeProvider.System.GetElapsedTime(began) > RegistrationPatience)
                throw new GatewayStartException(GatewayStartException.Failed, "The broker did not register at the name server of this process; the log has the reason.");

            await Task.Delay(LookAgain, TimeProvider.System, cancellationToken);
        }
    }

    private void Configure(BrokerOptions broker, IConfiguration configuration)
    {
        configuration.GetSection("broker").Bind(broker);
        broker.Listen = _listen;
        // Without a port of its own it still needs one for its message ids.
        broker.Port = _brokerPort == GatewayOptions.Off ? new BrokerOptions().Port : _brokerPort;
        broker.NameServers = Registers ? new IPEndPoint(Reachable(IPAddress.Parse(_listen)), _nameServerPort).ToString() : string.Empty;
        broker.DataDirectory = _options.Data;
        broker.Flush = _options.Flush;
        broker.RemoteSessions &= !KeepsSessions(configuration);
    }

    /// <summary>Sessions are kept by one of both, this gateway or those in front of its broker: this one does not follow what others change.</summary>
    private bool KeepsSessions(IConfiguration configuration)
    {
        var mqtt = new MqttOptions();
        configuration.GetSection("mqtt").Bind(mqtt);
        return _options.HasMqtt && mqtt.MaximumSessionExpiry > TimeSpan.Zero;
    }

    private static IPAddress Reachable(IPAddress address)
    {
        if (address.Equals(IPAddress.Any))
            return IPAddress.Loopback;

        return address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
    }
}
