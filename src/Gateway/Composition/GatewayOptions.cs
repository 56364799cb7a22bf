using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What the process is made of: fronts, ports, where the messages are. docs/configuration.md has the table.</summary>
public sealed class GatewayOptions
{
    /// <summary>A port's value for a front that is not started.</summary>
    public const int Off = 0;

    /// <summary>A port's value for any free port; the banner and <see cref="GatewayHost.Endpoints"/> say which it became.</summary>
    public const int Any = -1;

    /// <summary>Address that everything listens on.</summary>
    [Required]
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Address of name server and broker, which have no access control; empty: <see cref="Listen"/>, or loopback where access control is set up.</summary>
    public string RemotingListen { get; set; } = string.Empty;

    /// <summary>MQTT 3.1.1 and 5.</summary>
    [Range(Any, 65535)]
    public int MqttPort { get; set; } = 1883;

    /// <summary>MQTT over TLS; null: 8883 when there is a certificate, else off.</summary>
    [Range(Any, 65535)]
    public int? MqttsPort { get; set; }

    /// <summary>REST, Swagger, health and metrics.</summary>
    [Range(Any, 65535)]
    public int HttpPort { get; set; } = 8080;

    /// <summary>HTTP and WebSocket over TLS; null: 8443 when there is a certificate, else off.</summary>
    [Range(Any, 65535)]
    public int? HttpsPort { get; set; }

    /// <summary>Name server, remoting.</summary>
    [Range(Any, 65535)]
    public int NamesrvPort { get; set; } = 9876;

    /// <summary>Broker, remoting.</summary>
    [Range(Any, 65535)]
    public int BrokerPort { get; set; } = 10911;

    /// <summary>Store directory of the embedded broker.</summary>
    [Required]
    public string Data { get; set; } = "./data";

    /// <summary>Name servers of an existing cluster to front, <c>host:port;host:port</c>; empty starts the embedded broker.</summary>
    public string Namesrv { get; set; } = string.Empty;

    /// <summary>Whether clients that prove nothing may connect: on an address that is not loopback, and where access control is set up.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>When the embedded broker acknowledges.</summary>
    public FlushMode Flush { get; set; } = FlushMode.Fsync;

    /// <summary>What is logged, from here upwards.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>How the console shows what is logged.</summary>
    public LogFormat LogFormat { get; set; }

    /// <summary>Whether MQTT is served on a port of its own.</summary>
    public bool HasMqtt => MqttPort != Off || MqttsPort is not (null or Off);

    /// <summary>Whether HTTP is served.</summary>
    public bool HasHttp => HttpPort != Off || HttpsPort is not (null or Off);

    /// <summary>Whether it fronts an existing cluster.</summary>
    public bool IsCluster => Namesrv.Length > 0;
}
