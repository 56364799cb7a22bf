namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>
/// One rule as an operator writes it: MQTT names of a form go to a RocketMQ topic, with tag and key made of their levels.
/// <code>
///  mqtt   {site}/{device}/telemetry/{metric}     a level is text, or a variable; {rest*} at the end takes one or more
///  topic  telemetry
///  tag    {metric}
///  key    {device}
/// </code>
/// </summary>
/// <param name="Name">For people; empty: its place in the list.</param>
/// <param name="Mqtt">The form of the names.</param>
/// <param name="Topic">The RocketMQ topic.</param>
/// <param name="Tag">The tag; empty: none.</param>
/// <param name="Key">The key; empty: none.</param>
public sealed record MappingRule(string Name, string Mqtt, string Topic, string Tag = "", string Key = "");
