using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>
/// What the packages offer, as text in <c>tests/Golden/client</c>: a change of it is seen in review. After one that is meant, run with
/// <c>PROTOBRIDGE_UPDATE_GOLDEN=1</c>.
/// </summary>
public sealed class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    [Theory]
    [InlineData("Client", typeof(Producer))]
    [InlineData("Client.Hosting", typeof(ProtoBridgeMqOptions))]
    public void It_is_what_the_golden_file_says(string name, Type member)
    {
        string now = Describe(member.Assembly);
        string file = Path.Combine(Root(), "tests", "Golden", "client", name + ".txt");
        if (Environment.GetEnvironmentVariable("PROTOBRIDGE_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, now);
        }

        Assert.Equal(File.ReadAllText(file), now);
    }

    private static string Root()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "ProtoBridgeMQ.sln")))
        {
            directory = directory.Parent;
        }

        return directory!.FullName;
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            string bases = string.Join(", ", Bases(type).Order(StringComparer.Ordinal));
            text.Append(Kind(type)).Append(' ').Append(Name(type)).Append(bases.Length > 0 ? " : " + bases : string.Empty).Append('\n');
            foreach (string member in type.GetMembers(Declared).Select(member => Member(type, member)).OfType<string>().Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Bases(Type type)
    {
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
        {
            yield return Name(parent);
        }

        foreach (Type contract in type.IsEnum ? [] : type.GetInterfaces().Where(contract => contract.IsPublic))
        {
            yield return Name(contract);
        }
    }

    private static string Kind(Type type)
    {
        if (type.IsInterface)
        {
            return "interface";
        }

        if (type.IsEnum)
        {
            return "enum";
        }

        if (type.IsValueType)
        {
            return type.IsByRefLike ? "ref struct" : "struct";
        }

        return type is { IsAbstract: true, IsSealed: true } ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
    }

    private static string? Member(Type type, MemberInfo member) => member switch
    {
        FieldInfo { IsPublic: true, IsSpecialName: false } field when type.IsEnum => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}",
        FieldInfo { IsPublic: true, IsSpecialName: false } field => $"{(field.IsLiteral ? "const" : "field")} {Name(field.FieldType)} {field.Name}",
        ConstructorInfo made when IsOffered(made) => $"{Name(type)}({Parameters(made)})",
        MethodInfo { IsSpecialName: false } method when IsOffered(method) && !method.IsDefined(typeof(CompilerGeneratedAttribute), false)
            => $"{Static(method)}{Nullable(Nullability.Create(method.ReturnParameter), method.ReturnType)} {method.Name}{Generics(method)}({Parameters(method)})",
        PropertyInfo property when Accessors(property) is { Length: > 0 } accessors
            => $"{Static((property.GetMethod ?? property.SetMethod)!)}{(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : string.Empty)}{Nullable(Nullability.Create(property), property.PropertyType)} {property.Name} {{ {accessors} }}",
        EventInfo raised when raised.AddMethod is { } add && IsOffered(add) => $"event {Name(raised.EventHandlerType!)} {raised.Name}",
        _ => null,
    };

    private static bool IsOffered(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Static(MethodBase method) => method.IsStatic ? "static " : string.Empty;

    private static string Accessors(PropertyInfo property)
    {
        string get = property.GetMethod is { } getter && IsOffered(getter) ? "get; " : string.Empty;
        string set = property.SetMethod is { } setter && IsOffered(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init;" : "set;"
            : string.Empty;
        return (get + set).TrimEnd();
    }

    private static string Generics(MethodInfo method)
        => method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : string.Empty;

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{(parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : string.Empty)}{Nullable(Nullability.Create(parameter), parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = " + (parameter.DefaultValue ?? "default") : string.Empty)}"));

    private static string Nullable(NullabilityInfo info, Type type)
        => Name(type) + (!type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : string.Empty);

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (System.Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying) + "?";
        }

        string name = type.IsGenericParameter ? type.Name : type.IsNested ? Name(type.DeclaringType!) + "." + type.Name : type.Name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
