<?xml version="1.0" encoding="UTF-8"?>
<tileset version="1.8" tiledversion="1.8.2" name="s" tilewidth="32" tileheight="32" spacing="2" margin="1" tilecount="1000" columns="32">
 <image source="s.png" width="1088" height="1088"/>
 <tile id="0">
  <properties>
   <property name="name" value="0001_amethyst"/>
  </properties>
 </tile>
 <tile id="1">
  <properties>
   <property name="name" value="0002_urand_air"/>
  </properties>
 </tile>
 <tile id="2">
  <properties>
   <property name="name" value="0003_urand_bloodlust"/>
  </properties>
 </tile>
 <tile id="3">
  <properties>
   <property name="name" value="0004_urand_brooch_of_shielding"/>
  </properties>
 </tile>
 <tile id="4">
  <properties>
   <property name="name" value="0005_urand_cekugob"/>
  </properties>
 </tile>
 <tile id="5">
  <properties>
   <property name="name" value="0006_urand_dreamshard"/>
  </properties>
 </tile>
 <tile id="6">
  <properties>
   <property name="name" value="0007_urand_finger"/>
  </properties>
 </tile>
 <tile id="7">
  <properties>
   <property name="name" value="0008_urand_four_winds"/>
  </properties>
 </tile>
 <tile id="8">
  <properties>
   <property name="name" value="0009_urand_vitality"/>
  </properties>
 </tile>
 <tile id="9">
  <properties>
   <property name="name" value="0010_beryl"/>
  </properties>
 </tile>
 <tile id="10">
  <properties>
   <property name="name" value="0011_blue"/>
  </properties>
 </tile>
 <tile id="11">
  <properties>
   <property name="name" value="0012_bone"/>
 