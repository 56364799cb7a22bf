namespace ProtoBridgeMQ.Tests.Interop.Clients;

/// <summary>A program that we did not write, or a permission, that some tests need.</summary>
public enum Needs
{
    /// <summary>mosquitto_pub and mosquitto_sub, of Debian's mosquitto-clients.</summary>
    Mosquitto,

    /// <summary>curl.</summary>
    Curl,

    /// <summary>prlimit, of util-linux.</summary>
    Prlimit,

    /// <summary>Python itself.</summary>
    Python,

    /// <summary>The Python client, of Debian's python3-paho-mqtt.</summary>
    Paho,

    /// <summary>mqtt.js, of npm.</summary>
    MqttJs,

    /// <summary>A RocketMQ remoting client, of npm.</summary>
    AliOns,

    /// <summary>Debian's chromium.</summary>
    Chromium,

    /// <summary>The accessibility rules, of npm.</summary>
    Axe,

    /// <summary>The programs of a PostgreSQL server, of Debian's postgresql.</summary>
    PostgreSql,

    /// <summary>The package of the runtime that a self-contained program brings along.</summary>
    RuntimePack,

    /// <summary>The packages that compile ahead of time.</summary>
    NativeAot,

    /// <summary>The right to mount a small tmpfs.</summary>
    SmallDisk,

    /// <summary>An Apache RocketMQ cluster, which the environment names.</summary>
    Apache,

    /// <summary>A program that kills and starts the processes of that cluster, which the environment names.</summary>
    ApacheControl,
}
